"""How long a grader was at a case, and how often they clicked."""

from __future__ import annotations

from dataclasses import dataclass

IDLE_AFTER = 60.0
"""Seconds without a key, a click or a movement of the mouse that count as a pause."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Time and clicks.

    Attributes
    ----------
    seconds : float
        Time at the case without pauses.
    clicks : int
        Presses of a mouse button anywhere in the window.
    """

    seconds: float = 0.0
    clicks: int = 0

    def since(self, earlier: Spent) -> Spent:
        """Give what was spent after an earlier moment."""
        return Spent(self.seconds - earlier.seconds, self.clicks - earlier.clicks)


class Effort:
    """Adds up what is spent on a case while it is in hand.

    A gap of more than `IDLE_AFTER` between two inputs is a pause and counts nothing.
    """

    def __init__(self) -> None:
        self.spent = Spent()
        """Since the case was opened for the first time, as far as its journal knows."""
        self.reported = Spent()
        """How much of it the revisions that were saved tell of."""
        self._last: float | None = None

    def take_up(self, spent: Spent, reported: Spent) -> None:
        """Go on counting where the case was left."""
        self.spent, self.reported = spent, reported

    def input(self, now: float, click: bool = False) -> None:
        """Take note that the grader did something.

        Parameters
        ----------
        now : float
            Seconds of a clock that never jumps.
        click : bool
            True for a press of a mouse button.
        """
        gap = 0.0 if self._last is None else now - self._last
        self._last = now
        worked = gap if 0 < gap <= IDLE_AFTER else 0.0
        self.spent = Spent(self.spent.seconds + worked, self.spent.clicks + click)

    def pause(self) -> None:
        """Take note that the case is put away."""
        self._last = None
