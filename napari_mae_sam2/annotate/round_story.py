"""What a round has said so far, as the window tells it: words, curves, log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.annotate.child_process import Exit, Progress

Points = list[tuple[float, float]]

DOING = {
    "start": "Reading the labels",
    "embed": "1 of 4 · Reading the frames",
    "step": "2 of 4 · Training",
    "validate": "2 of 4 · Training",
    "measure": "3 of 4 · Old against new on the test cases",
    "judged": "Writing the result",
}
PHASES = {
    "train": "1 of 4 · Reading the frames",
    "measure": "3 of 4 · Old against new on the test cases",
    "guards": "4 of 4 · Checking that nothing was lost",
}
SPANS = {
    "embed": (0.0, 0.3),
    "step": (0.3, 0.75),
    "validate": (0.3, 0.75),
    "measure": (0.75, 0.95),
    "judged": (0.95, 1.0),
}
"""Which part of the whole round each event is about; what a part takes differs."""
LOGGED = ("start", "phase", "note", "judged", "error")
LONGEST = 400
"""Lines of the log that are kept."""


@dataclass(slots=True)
class RoundStory:
    """Follows one round.

    Attributes
    ----------
    number : int or None
        Of the round, once it is known.
    doing : str
        What it does now.
    seconds_left : float or None
        Of what it does now.
    done, total : float or None
        How far that is.
    share : float
        How far the whole round is, 0 to 1; it never falls.
    steps : float
        Of the training, at most.
    loss, dice, found : list of (float, float)
        By step: training loss, Dice and share of found lesions on validation cases.
    log : list of str
        A line for everything worth keeping.
    dropped : int
        Lines at the beginning that are kept no more.
    """

    number: int | None = None
    doing: str = "Starting"
    seconds_left: float | None = None
    done: float | None = None
    total: float | None = None
    share: float = 0.0
    steps: float = 1.0
    loss: Points = field(default_factory=list)
    dice: Points = field(default_factory=list)
    found: Points = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    dropped: int = 0

    @property
    def words(self) -> str:
        """What it does, and how long that still takes."""
        left = self.seconds_left
        return self.doing + ("…" if left is None else f" · {duration(left)} left")

    def ending(self, end: Exit) -> str:
        """Say in one sentence how the round ended."""
        which = "The round" if self.number is None else f"Round {self.number}"
        if end.code == 0:
            return f"{which} is done."
        if end.cancelled:
            return f"{which} was cancelled; the model in use stays."
        return f"{which} failed: {end.why} The model in use stays."

    def hear(self, said: Sequence[Progress]) -> None:
        """Follow what was said, in order."""
        for one in said:
            self._hear(one)
        too_many = max(0, len(self.log) - LONGEST)
        self.dropped += too_many
        del self.log[:too_many]

    def _hear(self, one: Progress) -> None:
        event = one.event
        if event == "phase":
            self.doing = PHASES.get(str(one.values.get("phase")), self.doing)
        self.doing = DOING.get(event, self.doing)
        if event in DOING or event == "phase":
            step = one.number("step")
            self.done = one.number("done") if step is None else step
            self.total = one.number("total") if self.done is not None else None
            self._go_on(event)
            if event != "validate":  # says no time, and the last one still holds
                self.seconds_left = one.number("eta_s")
        number = one.number("round")
        if number is not None:
            self.number = round(number)
        if event in ("step", "validate"):
            self._plot(one)
        if event in LOGGED:
            self.log.append(str(one.values.get("message", "")))

    def _go_on(self, event: str) -> None:
        begin, end = SPANS.get(event, (0.0, 0.0))
        part = self.done / self.total if self.done is not None and self.total else 0.0
        self.share = max(self.share, begin + min(part, 1.0) * (end - begin))

    def _plot(self, one: Progress) -> None:
        step = one.number("step") or 0.0
        self.steps = max(self.steps, step, one.number("total") or 0.0)
        if one.event == "step":
            _add(self.loss, step, one.number("loss"))
            return
        dice, found = one.number("dice"), one.number("lesions_found")
        _add(self.dice, step, dice)
        _add(self.found, step, found)
        parts = [f"Dice {dice:.3f}"] if dice is not None else []
        parts += [f"{found:.0%} of the lesions found"] if found is not None else []
        self.log.append(f"Step {step:.0f}: {', '.join(parts) or 'nothing to look at'}")


def duration(seconds: float) -> str:
    """Say a time in the largest unit that suits it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _add(points: Points, step: float, value: float | None) -> None:
    if value is not None:
        points.append((step, value))
