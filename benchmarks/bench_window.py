"""The real window as a grader feels it: click to pixels, stalls, switching, memory.

A stall is the time for which the event loop does not come round: a timer that is due
at once is late by it. Pixels are on the screen when the canvas says that its frame was
swapped. Needs a display; `make bench` gives it a hidden one, whose drawing in software
is slower than any real screen's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))


class Heartbeat:
    """Notes how late a timer of the event loop is that is always due."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
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


def resident() -> float:
    """Memory of this process in GB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1e6
    return float("nan")


def frames(folder: Path, count: int, side: int) -> None:
    """Write frames that differ: one drawn eye in many exposures."""
    from napari_mae_sam2.fa.drawing import draw_frame

    folder.mkdir()
    drawn = [draw_frame(seed=seed, size=side).pixels for seed in range(min(count, 4))]
    for number in range(count):
        pixels = drawn[number % len(drawn)].astype(np.uint16) + number // len(drawn)
        Image.fromarray(np.minimum(pixels, 255).astype(np.uint8)).save(
            folder / f"{number:04d}.png"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024, help="of the frames")
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--long", type=int, default=0, help="cases for memory")
    parser.add_argument("--round", action="store_true", help="train meanwhile")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["NAPARI_MAE_SAM2_HOME"] = scratch
        frames(Path(scratch) / "frames", max(given.cases, given.long), given.side)
        measure(Path(scratch) / "frames", given)


def measure(folder: Path, given: argparse.Namespace) -> None:
    """Open the window on a folder and measure."""
    from qtpy.QtWidgets import QOpenGLWidget
    from tour import Grader

    from napari_mae_sam2._qt.app import open_window

    viewer, widget = open_window([folder])
    viewer.window.resize(1600, 1000)
    grader = Grader(viewer, widget, say=lambda _line: None)
    beat = Heartbeat()
    late = Lateness()
    start = time.perf_counter()
    late.show("loading the model, encoding", beat.during(grader.wait_until_ready))
    print(f"first case ready after {time.perf_counter() - start:.1f} s", flush=True)
    grader.settle(2.0)

    swapped = threading.Event()
    canvas = grader.canvas
    assert isinstance(canvas, QOpenGLWidget)
    canvas.frameSwapped.connect(swapped.set)
    print(f"click to pixels, {given.side} x {given.side} (ms)")
    seconds = [_click(grader, swapped, number) for number in range(given.clicks)]
    middle, most = np.percentile(seconds, [50, 95])
    print(f"  median{1000 * middle:>8.0f}   p95{1000 * most:>8.0f}", flush=True)

    late.show("clicking", beat.during(lambda: _click(grader, swapped, 3)))
    grader.press("R")
    late.show("ten seconds of encoding ahead", beat.during(lambda: grader.settle(10)))
    print("to a case encoded before, until its first answer (ms)")
    seconds = [_switch(grader, key) for key in "NBNBNB"]
    print("  " + "".join(f"{1000 * value:>8.0f}" for value in seconds), flush=True)
    if given.round:
        _train(grader, swapped, beat, late)
    print(f"memory {resident():.2f} GB")
    for number in range(given.long):
        grader.press("N")
        grader.wait_until_ready()
        if number % 20 == 19:
            print(f"  after {number + 1} cases {resident():.2f} GB", flush=True)
    viewer.close()


def _click(grader, swapped, number: int) -> float:  # type: ignore[no-untyped-def]
    """Click somewhere and give the seconds until its answer is on the screen."""
    height, width = grader.session.frame.shape
    rng = np.random.default_rng(number)
    row, column = rng.uniform(0.3, 0.7, 2)
    if number % 5 == 0:
        grader.press("R")
    start = time.perf_counter()
    grader.click((row * height, column * width))
    grader.wait_for_proposal()
    swapped.clear()
    grader.wait(swapped.is_set, "a drawn frame", 5)
    return time.perf_counter() - start - 0.05 * 2 - 0.02  # what the grader settles


def _switch(grader, key: str) -> float:  # type: ignore[no-untyped-def]
    before = grader.session
    start = time.perf_counter()
    grader.press(key)
    grader.wait(lambda: grader.widget.session not in (None, before), "the next case")
    grader.wait_until_ready()
    ready = time.perf_counter() - start
    height, width = grader.session.frame.shape
    start = time.perf_counter()
    grader.click((height / 2, width / 2))
    grader.wait_for_proposal()
    grader.press("R")
    # what the grader settles is no waiting: 0.05 s after each wait, 0.02 after a key
    return ready + time.perf_counter() - start - 3 * 0.05 - 3 * 0.02


def _train(grader, swapped, beat, late) -> None:  # type: ignore[no-untyped-def]
    """Train a round in its own process and click meanwhile."""
    grader.click((200, 200))
    grader.wait_for_proposal()
    grader.press("C")
    for _ in range(2):
        grader.press("N")
        grader.wait_until_ready()
        grader.click((300, 300))
        grader.wait_for_proposal()
        grader.press("C")
    grader.widget.rounds.options = ("--set", "loop.steps=15")
    grader.widget.training.start.click()
    grader.settle(20)
    seconds: list[float] = []
    late.show(
        "training a round, clicking",
        beat.during(
            lambda: seconds.extend(_click(grader, swapped, n) for n in range(10))
        ),
    )
    print(f"  clicks meanwhile: median {1000 * np.median(seconds):.0f} ms")


if __name__ == "__main__":
    main()
