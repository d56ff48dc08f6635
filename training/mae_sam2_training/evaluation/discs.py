"""Whether a model still does what SAM 2 could: a box around the disc gives the disc.

Training on leakage alone can teach a model that a box asks for what is bright in it.
The optic disc is the one structure that is in nearly every frame, has an outline and is
no leakage, so it stands for everything else a grader may put a box around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.synthesis import survey
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Predictor

    Disc = tuple[float, float, float]


def drawn_discs(count: int, seed: int = 0) -> Iterator[tuple[NDArray[np.uint8], Disc]]:
    """Draw eyes without leakage, early and late in turn.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        The same seed draws the same eyes.

    Yields
    ------
    tuple of uint8 array of shape (512, 512) and (row, column, radius)
        The frame and its disc, exactly.
    """
    for number in range(count):
        phase = ("early", "late")[number % 2]
        frame = draw_frame(seed + number, 512, phase, leakage=())
        yield frame.pixels, frame.disc


def found_discs(paths: Iterable[Path]) -> Iterator[tuple[NDArray[np.uint8], Disc]]:
    """Find discs in real frames from the course of the vessels; some have none.

    The radius is that of an ordinary disc in a field of 30 to 55 degrees, so figures on
    these frames serve to compare two models and say little by themselves.

    Parameters
    ----------
    paths : iterable of Path
        Frames.

    Yields
    ------
    tuple of uint8 array of shape (H, W) and (row, column, radius)
    """
    for path in paths:
        grey = as_grey8(read_frame(path).pixels)
        disc = survey(grey).disc
        if disc is not None:
            yield grey, disc


def disc_box_dice(
    predictor: Predictor, frames: Iterable[tuple[NDArray[np.uint8], Disc]]
) -> NDArray[np.float64]:
    """Put a box around each disc and compare the answer with the disc.

    Parameters
    ----------
    predictor : Predictor
        The model.
    frames : iterable of tuple
        As `drawn_discs` and `found_discs` give them.

    Returns
    -------
    float64 array of shape (N,)
        Dice of each.
    """
    values = []
    for pixels, (row, column, radius) in frames:
        rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
        disc = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        box = (row - radius, column - radius, row + radius, column + radius)
        prompts = Prompts(boxes=np.array([box], np.float32))
        answer = predictor.decode(predictor.encode(pixels), prompts)
        mask = answer.logits[0] > 0
        values.append(2 * (mask & disc).sum() / (mask.sum() + disc.sum()))
    return np.array(values)
