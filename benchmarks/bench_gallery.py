"""The gallery with ten thousand frames: memory while it scrolls, time for each step.

Ends with an error where more thumbnails stay in memory than are meant to. Needs a
display; `make bench` gives it a hidden one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from qtpy.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from predicted import write_predictions

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.gallery_model import KEPT
from napari_mae_sam2._qt.gallery_widget import GalleryWidget
from napari_mae_sam2.qa.gallery import Gallery
from napari_mae_sam2.qa.ranking import rank
from napari_mae_sam2.qa.thumbnails import Thumbnails


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as scratch:
        measure(Path(scratch), given.frames, given.steps)
    del application


def measure(scratch: Path, frames: int, steps: int) -> None:
    results = write_predictions(scratch / "predicted", "aaaa")
    known = list(results.records())
    # Other frames by their hashes, so that none finds another's thumbnail.
    records = [
        known[number % len(known)].model_copy(
            update={"id": f"n{number}", "frame_sha256": f"{number:064x}"}
        )
        for number in range(frames)
    ]
    gui = GuiThread()
    gallery = Gallery()
    widget = GalleryWidget(gallery, Same(scratch / "cache", known), gui.post)
    widget.resize(1280, 760)
    widget.show()
    begin = time.perf_counter()
    ranked = rank(records)
    ranking = time.perf_counter() - begin
    begin = time.perf_counter()
    gallery.show(results, ranked)
    QApplication.processEvents()
    showing = time.perf_counter() - begin
    before, waits = resident(), []
    bar = widget.list.verticalScrollBar()
    for share in np.linspace(0, 1, steps):
        begin = time.perf_counter()
        bar.setValue(round(share * bar.maximum()))
        QApplication.processEvents()
        waits.append(1000 * (time.perf_counter() - begin))
        time.sleep(0.01)
        kept = len(widget.model.pictures)
        if kept > KEPT:
            sys.exit(f"{kept} thumbnails are in memory, {KEPT} were meant to be")
    settle(1.0)
    print(f"{frames} frames: ranked in {ranking:.2f} s, shown in {showing:.2f} s")
    print(
        f"a step of scrolling: median {np.median(waits):.1f} ms, "
        f"95 % {np.percentile(waits, 95):.1f} ms, most {max(waits):.1f} ms"
    )
    print(
        f"memory: {before:.0f} MB before, {resident():.0f} MB after all of it; "
        f"{len(widget.model.pictures)} thumbnails of {KEPT} kept"
    )
    widget.close_down()
    gui.close()


class Same(Thumbnails):
    """Draws the few frames there are for all the others, each time anew."""

    def __init__(self, folder: Path, known: list) -> None:
        super().__init__(folder)
        self._known = known

    def get(self, results, record, outlined):
        """Draw one of the few."""
        place = int(record.id[1:]) % len(self._known)
        shown = record.model_copy(update={"id": self._known[place].id})
        return super().get(results, shown, outlined)


def settle(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def resident() -> float:
    """Return the memory of this process in MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
