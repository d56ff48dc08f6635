"""How quick a grader is, and how long what is left will take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAUSE = 600.0
"""Seconds without an answer that are a pause and no long case."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How it goes.

    Attributes
    ----------
    left : int
        Cases that wait for an answer.
    seconds_each : float or None
        What a case took of late; None until there is something to go by.
    seconds_left : float or None
        What is left of work at that pace.
    """

    left: int
    seconds_each: float | None
    seconds_left: float | None

    @property
    def per_hour(self) -> float | None:
        """Cases in an hour of work."""
        return None if not self.seconds_each else 3600.0 / self.seconds_each


def pace(answers: Sequence[tuple[float, float]], left: int) -> Pace:
    """Work out a pace from the last answers.

    Parameters
    ----------
    answers : sequence of (float, float)
        When a case was answered, in seconds since 1970, and its time on task in
        seconds, 0 where nobody counted: then the time since the answer before stands
        in, unless that was a pause.
    left : int
        Cases that wait for an answer.

    Returns
    -------
    Pace
        With the mean over these answers: the sum of what is left is asked for, and
        long cases are part of it.
    """
    taken: list[float] = []
    before: float | None = None
    for answered, seconds in sorted(answers):
        gap = None if before is None else answered - before
        if seconds > 0:
            taken.append(seconds)
        elif gap is not None and 0 < gap <= PAUSE:
            taken.append(gap)
        before = answered
    if not taken:
        return Pace(left, None, None)
    each = sum(taken) / len(taken)
    return Pace(left, each, each * left)
