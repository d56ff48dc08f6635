"""What a round costs: counted while one runs, reckoned before the next one."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mae_sam2_training.engine.progress import Event, Reporter

_TIMED: Final[dict[str, str]] = {
    "embed": "embed",
    "step": "step",
    "validate": "look",
    "measure": "measure",
    "judged": "guards",
}


class Stopwatch:
    """Hands a round's progress on, and adds up what each kind of work took.

    An event tells that something is done: the time since the event before is its own.

    Parameters
    ----------
    reporter : Reporter
        Who is told.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._begun = self._last = time.monotonic()
        self.seconds: dict[str, float] = dict.fromkeys(_TIMED.values(), 0.0)
        self.counts: dict[str, int] = dict.fromkeys(_TIMED.values(), 0)

    @property
    def total(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._begun

    def report(self, event: Event, **values: object) -> None:
        """Hand an event on and count the time up to it."""
        self.lap(event)
        self._reporter.report(event, **values)

    def lap(self, event: str) -> None:
        """Count the time since the last event as this one's."""
        now = time.monotonic()
        if event in _TIMED:
            self.seconds[_TIMED[event]] += now - self._last
            self.counts[_TIMED[event]] += 1
        self._last = now

    def close(self) -> None:
        """Leave the reporter to the round."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a computer for one piece of each kind of work.

    Attributes
    ----------
    embed : float
        Encoding a view to train on or to steer by.
    step : float
        A step of the optimiser.
    look : float
        Looking at one steering case.
    measure : float
        Measuring old and new model on a test case.
    guards : float
        The checks after that, all together.
    other : float
        Starting, reading, writing.
    """

    embed: float
    step: float
    look: float
    measure: float
    guards: float
    other: float

    def seconds(
        self, views: int, steps: int, looked_at: int, test: int, guards: bool = True
    ) -> float:
        """Reckon a round.

        Parameters
        ----------
        views : int
            To be encoded.
        steps : int
            Of the optimiser.
        looked_at : int
            Steering cases, times how often they are looked at.
        test : int
            Test cases.
        guards : bool
            Whether a box is tried on drawn eyes.
        """
        return (
            self.embed * views
            + self.step * steps
            + self.look * looked_at
            + self.measure * test
            + (self.guards if guards else 0.0)
            + self.other
        )


TYPICAL: Final = Cost(embed=1.8, step=1.5, look=0.7, measure=7.0, guards=15.0, other=10)
"""Of tiny at 1024 pixels with its decoder trained, on two cores: encoder and decoder as
docs/performance.md has them, a step as in the round of docs/results.md."""


def counted(watch: Stopwatch, views: int, steering: int) -> dict[str, Any]:
    """Say what a round took, for its result.

    Parameters
    ----------
    watch : Stopwatch
        That went along.
    views : int
        That were encoded, and not there before.
    steering : int
        Cases at each look.

    Returns
    -------
    dict
        The fields of `Cost`; None where there was nothing of a kind.
    """
    pieces = watch.counts | {"embed": views, "look": watch.counts["look"] * steering}
    found: dict[str, Any] = {
        kind: seconds / pieces[kind] if pieces[kind] else None
        for kind, seconds in watch.seconds.items()
    }
    return found | {"other": max(0.0, watch.total - sum(watch.seconds.values()))}


def cost_from(said: Mapping[str, Any]) -> Cost:
    """Read what `counted` gave; `TYPICAL` stands in for what was not measured."""
    fields = asdict(TYPICAL)
    known = {k: float(said[k]) for k in fields if isinstance(said.get(k), int | float)}
    return Cost(**(fields | known))
