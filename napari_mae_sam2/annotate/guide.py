"""The guided tour: what it asks a new grader to do, and how it knows that it was done.

Knows no window. Whoever shows it tells it of deeds; it goes on by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.pixel_change import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.annotate.history import Step


class Deed(Enum):
    """What a grader may do that the tour waits for."""

    LEAKAGE = auto()
    NOT_LEAKAGE = auto()
    COMMIT = auto()
    SEARCH = auto()
    JUDGE = auto()
    PAINT = auto()
    UNDO = auto()
    ANSWER = auto()


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of the tour.

    Attributes
    ----------
    text : str
        What to do, in a sentence or two.
    deed : Deed or None
        What ends it; None for parting words.
    """

    text: str
    deed: Deed | None


STEPS = (
    GuideStep("Click on a bright leak. Its outline appears.", Deed.LEAKAGE),
    GuideStep(
        "Right-click where the outline is wrong: that is not leakage.",
        Deed.NOT_LEAKAGE,
    ),
    GuideStep("Press C to commit: the outline becomes a lesion.", Deed.COMMIT),
    GuideStep("Press S: the model looks for all leakage in the frame.", Deed.SEARCH),
    GuideStep(
        "One patch is in hand. A accepts it, R rejects it, Shift + A accepts all.",
        Deed.JUDGE,
    ),
    GuideStep(
        "Press P and paint a missed leak: away from others it becomes a new lesion.",
        Deed.PAINT,
    ),
    GuideStep("Press Ctrl + Z: the stroke is gone. All can be undone.", Deed.UNDO),
    GuideStep(
        "Press Alt + D when a frame is done. Alt + 0 says that it shows no leakage.",
        Deed.ANSWER,
    ),
    GuideStep(
        "That is all you need. N goes on without an answer, H shows every key.", None
    ),
)

_NAMED = {
    "leakage click": Deed.LEAKAGE,
    "box": Deed.LEAKAGE,
    "leakage scribble": Deed.LEAKAGE,
    "lasso": Deed.LEAKAGE,
    "background click": Deed.NOT_LEAKAGE,
    "background scribble": Deed.NOT_LEAKAGE,
    "commit": Deed.COMMIT,
    "all leakage": Deed.SEARCH,
}


def deed_of(way: str, step: Step) -> Deed | None:
    """Tell what a grader did when a session stepped.

    Parameters
    ----------
    way : str
        "did", "undid" or "redid", as `CaseState.stepped` emits it.
    step : Step

    Returns
    -------
    Deed or None
        None for what the tour does not wait for.
    """
    if way == "undid":
        return Deed.UNDO
    if way != "did":
        return None
    if step.name in _NAMED:
        return _NAMED[step.name]
    review = step.before.review
    if review is not None and step.after.review is not review:
        return Deed.JUDGE
    change = step.change
    if change is not None and (change.origins_after == Origin.BRUSH).any():
        return Deed.PAINT
    return None


class Guide:
    """A tour under way, or not.

    Parameters
    ----------
    steps : sequence of GuideStep
        The last one only says goodbye.
    """

    changed = Signal()

    def __init__(self, steps: Sequence[GuideStep] = STEPS) -> None:
        self._steps = tuple(steps)
        self._at: int | None = None

    @property
    def step(self) -> GuideStep | None:
        """What is asked for now; None where no tour is under way."""
        return None if self._at is None else self._steps[self._at]

    @property
    def is_at_end(self) -> bool:
        """True where nothing is left to do but to say goodbye."""
        return self._at == len(self._steps) - 1

    @property
    def place(self) -> tuple[int, int]:
        """Number of the step, from 1, and how many there are to be done."""
        return (self._at or 0) + 1, len(self._steps) - 1

    def start(self) -> None:
        """Begin with the first step."""
        self._go(0)

    def end(self) -> None:
        """End the tour wherever it is."""
        if self._at is not None:
            self._go(None)

    def go_on(self) -> None:
        """Pass over the step in hand; from the last one, end."""
        if self._at is not None:
            self._go(None if self.is_at_end else self._at + 1)

    def note(self, deed: Deed | None) -> None:
        """Go on where this was asked for.

        Who does what the next step asks for is not held back: not every outline needs
        correcting, and not every search finds something.
        """
        if self._at is None or deed is None:
            return
        for at in (self._at, self._at + 1):
            if at < len(self._steps) and self._steps[at].deed is deed:
                self._go(at + 1)
                return

    def _go(self, at: int | None) -> None:
        self._at = at
        self.changed.emit()
