"""How long a round on the decoder takes, on a study of labelled drawn frames.

The whole of `mae-sam2-train round` runs as the window starts it: freezing, embedding,
training, old against new on the test cases, guard checks. The second round finds frames
embedded that the first one read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import LesionRecord

CONFIG = Path(__file__).resolve().parents[1] / "training/configs/round_cpu.yaml"
TARGET_S = 60.0


def make_study(folder: Path, cases: int, side: int) -> None:
    """Make a study of drawn eyes, each with its exact label."""
    study = Study.create(folder)
    for seed in range(cases):
        drawn = draw_frame(seed, side)
        name = f"eye {seed}"
        frame = Frame(drawn.pixels, name, None, pixel_sha256(drawn.pixels))
        study.add_frame(frame, patient=f"P{seed}")
        numbers = np.unique(drawn.lesions[drawn.lesions > 0])
        study.save_revision(
            frame,
            drawn.lesions,
            grader="bench",
            parent=None,
            lesions=[LesionRecord(id=int(number)) for number in numbers],
        )


def run_round(study: Path, settings: list[str]) -> tuple[float, dict[str, float]]:
    """Run a round and give its seconds, as a whole and by kind of work."""
    command = [sys.executable, "-m", "mae_sam2_training", "round", str(study)]
    command += ["--config", str(CONFIG), "--json-progress"]
    for setting in settings:
        command += ["--set", setting]
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    newest = max((study / "rounds").glob("*/result/result.json"), key=os.path.getmtime)
    cost = json.loads(newest.read_text(encoding="utf-8"))["cost"]
    return seconds, cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--side", type=int, default=512, help="of the frames")
    parser.add_argument("--set", action="append", default=[], help="of the recipe")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["NAPARI_MAE_SAM2_HOME"] = str(Path(scratch) / "home")
        study = Path(scratch) / "study"
        make_study(study, given.cases, given.side)
        print(f"{given.cases} labelled frames of {given.side} x {given.side}")
        for name in ("the first round", "the second, frames embedded"):
            seconds, cost = run_round(study, given.set)
            print(f"{name}: {seconds:.0f} s (target {TARGET_S:.0f} s once embedded)")
            print("  " + json.dumps(cost))


if __name__ == "__main__":
    main()
