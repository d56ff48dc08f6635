"""A grader's session in the real window: the longest stall of each kind of action.

Ends with an error where undo to the start of a case does not give exactly the empty
label. Needs a display; `make bench` gives it a hidden one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench_window import close_notes, prepare
from PIL import Image
from stalls import Heartbeat, Lateness

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from grader_hand import Grader
from scripted_session import ScriptedSession
from tour import draw_frames

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "huapu4_FFA"
ENDINGS = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REAL, help="of real frames")
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--longer-side", type=int, help="enlarge the frames to this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["NAPARI_MAE_SAM2_HOME"] = scratch
        folder = Path(scratch) / "frames"
        put_frames(folder, given)
        grade(folder)


def put_frames(folder: Path, given: argparse.Namespace) -> None:
    """Put frames from all over a folder into one of their own; drawn ones else."""
    found = sorted(
        path
        for path in given.folder.rglob("*")
        if path.suffix.lower() in ENDINGS
        and not {"seg_masks_index", "phase_nonFFA_IR_FAF"} & set(path.parts)
    )
    if not found:
        print(f"no frames in {given.folder}: grading drawn ones")
        draw_frames(folder, given.frames, given.longer_side or 1024)
        return
    folder.mkdir()
    every = np.linspace(0, len(found) - 1, min(given.frames, len(found))).astype(int)
    for number, path in enumerate(found[place] for place in every):
        frame = Image.open(path)
        if given.longer_side:
            scale = given.longer_side / max(frame.size)
            frame = frame.resize([round(scale * side) for side in frame.size])
        frame.save(folder / f"{number:03d} {path.stem}.png")


def grade(folder: Path) -> None:
    """Grade the frames of a folder, and print the stalls."""
    from napari_mae_sam2._qt.app import open_window

    viewer, widget = open_window([folder])
    widget.labels.grader.setText("AB-1")
    viewer.window.resize(1600, 1000)
    grader = Grader(viewer, widget, say=lambda _line: None)
    grader.wait_until_ready()
    prepare(grader)
    close_notes(grader)
    beat = Heartbeat()
    kinds: dict[str, list[float]] = {}

    def during(kind: str, act: Callable[[], object]) -> None:
        kinds.setdefault(kind, []).extend(beat.during(act))

    try:
        ScriptedSession(grader, during).run()
    finally:
        late = Lateness()
        for kind, gaps in kinds.items():
            late.show(kind, gaps)
        everything = [gap for gaps in kinds.values() for gap in gaps]
        late.show("everything", everything)
        count = len(widget.desk.worklist.cases)
        viewer.close()
    print(f"undo to the start gave exactly the empty label in all {count} cases, twice")


if __name__ == "__main__":
    main()
