"""How long the event loop of a window does not come round.

A stall is the time by which a timer is late.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT = 0.002
"""Seconds between two beats: a timer that is always due would take the interpreter
from the threads that are to be measured."""


class Heartbeat:
    """Notes how late a timer of the event loop is."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(1000 * BEAT))
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(max(0.0, now - self._last - BEAT))
        self._last = now

    def during(self, act: Callable[[], object]) -> list[float]:
        """Give the gaps while something happens, in seconds."""
        self.gaps.clear()
        self._last = time.perf_counter()
        act()
        return self.gaps.copy()


class Lateness:
    """Prints the longest gaps under a name."""

    def __init__(self) -> None:
        print("the event loop does not come round for (ms: longest, 2nd, 99.9 %)")

    def show(self, name: str, gaps: list[float]) -> None:
        """Print a line."""
        longest = sorted(gaps, reverse=True)[:2] or [0.0]
        most = np.percentile(gaps, 99.9) if gaps else 0.0
        figures = "".join(f"{1000 * value:>8.0f}" for value in (*longest, most))
        print(f"  {name:<38}{figures}", flush=True)
