"""One history for everything a grader does to a case: prompts, commits, paint.

Steps come back in the order in which they happened, whatever tool made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import PixelChange
    from napari_mae_sam2.annotate.review import Review


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What of a case is not pixels, on one side of a step.

    Attributes
    ----------
    draft
        As it was.
    choice
        Which of the model's candidates for the draft was looked at.
    lesions
        The lesions that the step changed, by number; None where nothing was known.
    review
        What the model found without a prompt and was not judged yet.
    threshold
        Logit at which the proposal was cut.
    """

    draft: Draft
    choice: int
    lesions: Mapping[int, Lesion | None]
    review: Review | None = None
    threshold: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing the grader did, and what is needed to take it back."""

    name: str
    before: Moment
    after: Moment
    change: PixelChange | None = None

    @property
    def edits_labels(self) -> bool:
        """True where it changed what is saved: pixels, or what is known of lesions."""
        return self.change is not None or bool(self.after.lesions)


def differences(
    before: Mapping[int, Lesion], after: Mapping[int, Lesion]
) -> tuple[dict[int, Lesion | None], dict[int, Lesion | None]]:
    """Give what is known of the lesions that two moments do not agree on."""
    numbers = [
        number
        for number in {**before, **after}
        if before.get(number) is not after.get(number)
    ]
    return (
        {number: before.get(number) for number in numbers},
        {number: after.get(number) for number in numbers},
    )


class History:
    """Steps done and steps taken back, without a limit.

    Parameters
    ----------
    done, undone : iterable of Step
        What it begins with, each in the order in which undo and redo stacked them.
    """

    def __init__(self, done: Iterable[Step] = (), undone: Iterable[Step] = ()) -> None:
        self._done = list(done)
        self._undone = list(undone)

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that undo takes back, the last one first in line."""
        return tuple(self._done)

    @property
    def undone(self) -> tuple[Step, ...]:
        """The steps that redo does again, the last one first in line."""
        return tuple(self._undone)

    def push(self, step: Step) -> None:
        """Add a step; what had been taken back before can no longer be redone."""
        self._done.append(step)
        self._undone.clear()

    def undo(self) -> Step | None:
        """Take the last step back; None where there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> Step | None:
        """Do the step taken back last once more; None where there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]

    @property
    def next_undo(self) -> str:
        """Name of the step that undo would take back, or nothing."""
        return self._done[-1].name if self._done else ""

    @property
    def next_redo(self) -> str:
        """Name of the step that redo would do again, or nothing."""
        return self._undone[-1].name if self._undone else ""

    def __len__(self) -> int:
        """Count the steps that undo can take back."""
        return len(self._done)
