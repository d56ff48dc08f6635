"""What a run tells while it runs: a bar for people, JSON lines for programs.

With `--json-progress` every line on stdout is one JSON object with a key `event`;
docs/progress.md says which keys each event has. Programs must ignore events and keys
they do not know. Nothing else is written to stdout.
"""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Final, Literal, NoReturn, Protocol

from tqdm import tqdm

from napari_mae_sam2.common.json_lines import JsonLines as JsonReporter

__all__ = [
    "BarReporter",
    "Clock",
    "Event",
    "JsonReporter",
    "Reporter",
    "SilentReporter",
]

if TYPE_CHECKING:
    from typing import TextIO

Event = Literal[
    "start",
    "embed",
    "draw",
    "measure",
    "step",
    "validate",
    "phase",
    "estimate",
    "judged",
    "picked",
    "saved",
    "note",
    "error",
    "end",
]
_DOING: Final[dict[Event, str]] = {
    "embed": "Encoding frames",
    "draw": "Drawing frames",
    "measure": "Measuring frames",
}


class Reporter(Protocol):
    """Takes the events of a run."""

    def report(self, event: Event, **values: object) -> None:
        """Tell one event; `values` are plain JSON values."""

    def close(self) -> None:
        """Nothing more will come."""


class SilentReporter:
    """Tells nobody: for the processes of a run that are not the first."""

    def report(self, event: Event, **values: object) -> None:
        """Drop the event."""

    def close(self) -> None:
        """Do nothing."""


class BarReporter:
    """A bar on stderr, with a line above it for each thing worth keeping."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._bar: tqdm[NoReturn] | None = None
        self._doing = ""

    def report(self, event: Event, **values: object) -> None:
        """Move the bar or write a line."""
        if event in _DOING:
            self._advance(_DOING[event], values["done"], values["total"])
        elif event == "step":
            bar = self._advance("Training", values["step"], values["total"])
            bar.set_postfix_str(f"loss {values['loss']:.3f}", refresh=False)
        elif event == "validate":
            best = " (best so far)" if values.get("best") else ""
            score = _shown(values)
            self._line(f"step {values['step']}: {score}{best}")
        elif event == "saved":
            self._line(f"Saved {values['path']}")
        elif event in ("start", "note", "phase", "estimate", "judged", "picked"):
            self._line(str(values["message"]))
        elif event == "end" and values["status"] == "cancelled":
            goes_on = values.get("resumable", True)
            self._line(
                "Stopped; the same command continues where this one ended."
                if goes_on
                else "Stopped; the same command begins anew."
            )

    def _advance(self, doing: str, done: object, total: object) -> tqdm[NoReturn]:
        bar = self._bar
        if bar is None or self._doing != doing or _int(done) < bar.n:
            self.close()
            bar = tqdm(total=_int(total), desc=doing, file=self._stream)
            self._bar, self._doing = bar, doing
        bar.update(_int(done) - bar.n)
        return bar

    def _line(self, text: str) -> None:
        tqdm.write(text, file=self._stream)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no count")
    return value


def _shown(values: dict[str, object]) -> str:
    skip = {"step", "total", "best", "eta_s"}
    return ", ".join(
        f"{key} {value:.3f}"
        for key, value in values.items()
        if key not in skip and isinstance(value, float)
    )


class Clock:
    """Estimates the seconds left from the pace so far."""

    def __init__(self, done: int, total: int) -> None:
        self._first = done
        self._total = total
        self._start = time.monotonic()

    def seconds_left(self, done: int) -> float:
        """Seconds left once `done` are done; infinity before the first."""
        if done <= self._first:
            return math.inf
        pace = (time.monotonic() - self._start) / (done - self._first)
        return pace * (self._total - done)
