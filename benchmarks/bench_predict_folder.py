"""Frames a second of `napari-mae-sam2 predict` against a plain loop over the model.

The loop reads a frame, encodes it with eager PyTorch in float32, asks for all leakage
and writes the mask; predict also writes labels, probabilities, previews, measures and
quality flags. Both take turns on the same frames and weights in one process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.weights import packaged_weights
from napari_mae_sam2.predict.opening import (
    model_record,
    open_for_run,
    wait_until_ready,
)
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.run import PredictRun
from napari_mae_sam2.predict.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable


def plain_loop(predictor: Sam2Predictor, files: list[Path], out: Path) -> None:
    out.mkdir()
    for path in files:
        frame = read_frame(path)
        answer = predictor.decode(predictor.encode(frame.pixels), Prompts())
        mask = answer.mask().on(frame.shape)
        Image.fromarray(mask.astype(np.uint8) * 255).save(out / f"{path.stem}.png")


def predict(predictor: Sam2Predictor, files: list[Path], out: Path, batch: int) -> None:
    results = Results.create(out, model_record(predictor))
    run = PredictRun(predictor, results, batch=batch)
    done = [outcome.what for outcome in run.steps([Source(path) for path in files])]
    assert done.count("made") == len(files), "a frame was left out"
    results.write_table()


def timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--side", type=int, default=768, help="of the drawn frames")
    parser.add_argument("--folder", type=Path, help="of frames; drawn by default")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--weights", type=Path, help="the packaged ones by default")
    arguments = parser.parse_args()
    weights = arguments.weights or packaged_weights()
    eager = Sam2Predictor(load_model(weights))
    ours = open_for_run(weights)
    ours.cache = None  # what an earlier run left there would count for one side
    wait_until_ready(ours)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if arguments.folder:
            files = list_frames(arguments.folder)[: arguments.frames]
        else:
            files = [place / f"{seed}.png" for seed in range(arguments.frames)]
            for seed, path in enumerate(files):
                pixels = draw_frame(seed, arguments.side).pixels
                Image.fromarray(pixels).save(path)
        plain_loop(eager, files[:1], place / "warm loop")
        predict(ours, files[:1], place / "warm predict", arguments.batch)
        turns = []
        for turn in range(arguments.turns):
            loop, out = place / f"loop {turn}", place / f"predict {turn}"
            turns.append(
                (
                    timed(lambda loop=loop: plain_loop(eager, files, loop)),
                    timed(lambda out=out: predict(ours, files, out, arguments.batch)),
                )
            )
    engine = ours.engine
    ours.close()
    print(f"{len(files)} frames, {torch.get_num_threads()} threads, medians of turns")
    for column, what in enumerate((f"a loop, {eager.engine}", f"predict, {engine}")):
        seconds = statistics.median(turn[column] for turn in turns) / len(files)
        print(f"  {what:<40}{1000 * seconds:>7.0f} ms a frame")
    ratio = statistics.median(loop / own for loop, own in turns)
    print(f"  predict is {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
