"""The real window as a grader feels it: click to pixels, stalls, switching, memory.

Pixels are on the screen when the canvas says that its frame was swapped. Needs a
display; `make bench` gives it a hidden one, whose drawing in software is slower than
any real screen's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from qtpy.QtCore import QEventLoop, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget
from stalls import Heartbeat, Lateness

from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from grader_hand import Grader


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


class Screen:
    """Clicks, and notes when an answer is on the screen.

    Parameters
    ----------
    grader : Grader
        In front of the window.
    """

    def __init__(self, grader: Grader) -> None:
        self._grader = grader
        self._shown: float | None = None
        grader.canvas.frameSwapped.connect(self._on_frame)  # type: ignore[attr-defined]

    def _on_frame(self) -> None:
        session = self._grader.widget.session
        proposal = None if session is None else session.proposal
        # The layers follow the proposal at once, so the next frame shows it.
        if proposal is not None and proposal.draft is session.draft:
            self._shown = self._shown or time.perf_counter()

    def wait_for_a_case(self) -> None:
        """Wait until a case lies on the desk and what follows it is drawn."""
        until(lambda: self._grader.widget.session is not None)
        self._grader.settle(0.3)

    def click(self, number: int) -> float:
        """Click somewhere and give the seconds until its answer is on the screen."""
        grader = self._grader
        if number % 5 == 0:
            grader.press("R")
        height, width = grader.session.frame.shape
        row, column = np.random.default_rng(number).uniform(0.3, 0.7, 2)
        place = grader.point((row * height, column * width))
        QTest.mouseMove(grader.canvas, place)
        grader.settle(0.2)  # a hand that has come to rest
        start = time.perf_counter()
        QTest.mouseClick(
            grader.canvas,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            place,
        )
        self._shown = None  # an earlier answer stays on the screen until this one
        until(lambda: self._shown is not None)
        assert self._shown is not None
        return self._shown - start

    def switch(self, key: str) -> float:
        """Go to another case and give the seconds until its first click is answered."""
        grader = self._grader
        before = grader.session
        start = time.perf_counter()
        QTest.keyClick(grader.canvas, key)
        until(lambda: grader.widget.session not in (None, before))
        seconds = time.perf_counter() - start + self.click(1)
        grader.press("R")
        return seconds


def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the window live as its own event loop does until something is so."""
    deadline = time.perf_counter() + seconds
    while not done():
        if time.perf_counter() > deadline:
            raise TimeoutError("what was waited for did not come")
        # Sleeps until something happens, and gives the interpreter away meanwhile.
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def measure(folder: Path, given: argparse.Namespace) -> None:
    """Open the window on a folder and measure."""
    from napari_mae_sam2._qt.app import open_window

    viewer, widget = open_window([folder])
    widget.labels.grader.setText("AB-1")
    viewer.window.resize(1600, 1000)
    grader = Grader(viewer, widget, say=lambda _line: None)
    beat = Heartbeat()
    late = Lateness()
    start = time.perf_counter()
    screen = Screen(grader)
    late.show("opening the first case", beat.during(screen.wait_for_a_case))
    late.show("loading the model, encoding", beat.during(grader.wait_until_ready))
    print(f"first case ready after {time.perf_counter() - start:.1f} s", flush=True)
    late.show("preparing faster engines", beat.during(lambda: prepare(grader)))
    close_notes(grader)
    late.show("reading the next frames", beat.during(lambda: grader.settle(12)))
    print(f"click to pixels, {given.side} x {given.side} (ms)")
    seconds: list[float] = []
    gaps = beat.during(lambda: seconds.extend(map(screen.click, range(given.clicks))))
    middle, most = np.percentile(seconds, [50, 95])
    print(f"  median{1000 * middle:>8.0f}   p95{1000 * most:>8.0f}", flush=True)
    late.show("clicking", gaps)
    grader.press("R")
    print("to a case encoded before, until its first answer is on the screen (ms)")
    gaps = beat.during(lambda: _switches(screen))
    late.show("changing cases", gaps)
    if given.round:
        _train(grader, screen, beat, late)
    print(f"memory {resident():.2f} GB")
    for number in range(given.long):
        grader.press("N")
        grader.wait_until_ready()
        if number % 20 == 19:
            print(f"  after {number + 1} cases {resident():.2f} GB", flush=True)
    viewer.close()


def close_notes(grader: Grader) -> None:
    """Close napari's own notes, which lie over the frame."""
    for note in grader.window.findChildren(QWidget):
        if "Notification" in type(note).__name__:
            note.close()


def prepare(grader: Grader) -> None:
    """Wait until the engines of every later start are there."""
    predictor = grader.widget.desk.annotator.predictor
    assert isinstance(predictor, Sam2Predictor)
    for engine in (predictor.encoder, predictor.decoder):
        if isinstance(engine, Prepared):
            grader.wait(partial(engine.wait, 0), "preparing an engine", 900)
    print(f"encoder {predictor.encoder.name}, decoder {predictor.decoder.name}")


def _switches(screen: Screen) -> None:
    seconds = [screen.switch("n") for _ in range(5)]
    print("  " + "".join(f"{1000 * value:>8.0f}" for value in seconds), flush=True)


def _train(grader: Grader, screen: Screen, beat: Heartbeat, late: Lateness) -> None:
    """Train a round in its own process, with the hand at rest and clicking."""
    for number in range(3):
        screen.click(number)
        grader.press("C")
        grader.press("N")
        grader.wait_until_ready()
    grader.widget.rounds.options = ("--set", "finetune.loop.steps=15")
    training = grader.widget.training
    training.train.click()
    grader.wait(lambda: training.start.isVisibleTo(training), "the estimate", 120)
    training.start.click()
    grader.settle(20)
    late.show("training a round", beat.during(lambda: grader.settle(10)))
    seconds: list[float] = []
    gaps = beat.during(lambda: seconds.extend(map(screen.click, range(10))))
    late.show("training a round, clicking", gaps)
    if not grader.widget.rounds.control.is_running:
        print("  (the round had ended before)")
    print(f"  clicks meanwhile: median {1000 * np.median(seconds):.0f} ms")


if __name__ == "__main__":
    main()
