"""How long the page for visual QA takes to be written, how large it is, how it scrolls.

A few drawn frames are predicted, or a folder of predictions is given, and its frames
are repeated under new names until there are as many as asked for. Scrolling needs
Chromium and is left out where there is none.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.qa.page import Inputs, write_page

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
import chromium

TARGET_S, TARGET_MB = 180, 60

SCROLL = """new Promise(done => {
  const gaps = []; let last = performance.now(), left = 200;
  function step(now) {
    gaps.push(now - last); last = now; scrollBy(0, 120);
    if (left--) requestAnimationFrame(step); else done(gaps.slice(1));
  }
  requestAnimationFrame(step);
})"""
"""Scrolls as a wheel does and gives the milliseconds between two pictures."""


def predict_some(folder: Path, count: int) -> Path:
    """Predict drawn frames."""
    frames, out = folder / "frames", folder / "predicted"
    frames.mkdir()
    for seed in range(count):
        Image.fromarray(draw_frame(seed, 768).pixels).save(frames / f"eye {seed}.png")
    command = [sys.executable, "-m", "napari_mae_sam2", "predict", str(frames)]
    subprocess.run([*command, "--out", str(out)], check=True)
    return out


def repeat(some: Path, out: Path, count: int) -> None:
    """Write predictions of so many frames by repeating some."""
    shutil.copytree(some, out, ignore=shutil.ignore_patterns("*.*"))
    shutil.copy2(some / "predictions.json", out)
    old, new = Results.open(some), Results.open(out)
    known = [record.id for record in old.records()]
    for number, name in enumerate(itertools.islice(itertools.cycle(known), count)):
        copy = f"{number:05d} {name}"
        record = json.loads(old.record(name).read_text("utf-8")) | {"id": copy}
        new.record(copy).write_text(json.dumps(record), "utf-8")
        for place in (Results.label, Results.preview):
            os.link(place(old, name), place(new, copy))


def scroll(page: Path, profile: Path) -> list[float]:
    """Scroll through the page and give the time between two pictures, in ms."""
    opened = chromium.Page(profile)
    try:
        opened.size(1280, 900)
        opened.open(page)
        return list(opened.run(SCROLL))
    finally:
        opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--predicted", type=Path, help="folder of predictions")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        some = given.predicted or predict_some(Path(scratch), 12)
        many, page = Path(scratch) / "many", Path(scratch) / "qa.html"
        repeat(some, many, given.frames)
        begun = time.perf_counter()
        written = write_page(page, Inputs(many))
        seconds = time.perf_counter() - begun
        size = page.stat().st_size / 1e6
        print(f"page of {written.frames} frames")
        print(f"  written in {seconds:8.1f} s   (target {TARGET_S} s)")
        print(f"  size       {size:8.1f} MB  (target {TARGET_MB} MB)")
        if chromium.PROGRAM is None:
            print("  no Chromium: scrolling was not measured")
            return
        gaps = scroll(page, Path(scratch) / "profile")
        print(
            f"  scrolling, ms between pictures: median {np.median(gaps):.0f}, "
            f"95 % {np.percentile(gaps, 95):.0f}, longest {max(gaps):.0f}"
        )


if __name__ == "__main__":
    main()
