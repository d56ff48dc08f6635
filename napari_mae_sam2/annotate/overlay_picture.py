"""Pictures to lay over a frame: probability, uncertainty, model against label.

Slow for large frames, so for a worker thread; nothing here touches a label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_mae_sam2.fa import colours
from napari_mae_sam2.fa.overlap import Overlap
from napari_mae_sam2.model.prediction import grid_places, sample
from napari_mae_sam2.predict.maps import entropy, probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.model.protocol import Prediction

LARGEST: Final = 3 * 10**6
"""Pixels of a picture at most; larger frames are covered more coarsely."""

OPACITY: Final = 0.6
"""Of model against label, as on the page of `qa`."""


class Kind(Enum):
    """What is laid over the frame."""

    NONE = "none"
    PROBABILITY = "probability"
    UNCERTAINTY = "uncertainty"
    AGAINST_LABEL = "model against label"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Colours for a part of a frame.

    Attributes
    ----------
    kind : Kind
    pixels : uint8 array of shape (h, w, 4)
        Red, green, blue, and how much they cover.
    step : int
        Pixels of the frame to one of the picture, down and across.
    corner : (float, float)
        (row, column) of the frame of the centre of its first pixel.
    overlap : Overlap or None
        Of model against label, counted in the pixels of the frame.
    """

    kind: Kind
    pixels: NDArray[np.uint8]
    step: int
    corner: tuple[float, float]
    overlap: Overlap | None = None


def _ramp(*anchors: str) -> NDArray[np.uint8]:
    """Go from colour to colour in 256 even steps, from clear to nearly covering."""
    red_green_blue = np.array([_rgb(anchor) for anchor in anchors])
    at, ends = np.linspace(0, 1, 256), np.linspace(0, 1, len(anchors))
    channels = [np.interp(at, ends, red_green_blue[:, n]) for n in range(3)]
    # What is next to nothing must not veil the frame.
    cover = 255 * np.clip((at - 0.04) * 2, 0, 0.8)
    table: NDArray[np.uint8] = np.rint(np.stack([*channels, cover], 1)).astype(np.uint8)
    return table


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


RAMPS: Final = {
    # Both grow brighter all the way, so that every eye puts them in order; the first
    # is Matplotlib's inferno, the second keeps to another hue.
    Kind.PROBABILITY: _ramp("#000004", "#57106e", "#bc3754", "#f98e09", "#fcffa4"),
    Kind.UNCERTAINTY: _ramp("#0b1a3a", "#164a8a", "#1f83c4", "#6cc0ea", "#eef9ff"),
}
"""uint8 (256, 4) of the kinds that are a matter of degree, from 0 to 1."""

PARTS: Final = (
    ("both", colours.BOTH),
    ("model alone", colours.MODEL),
    ("missed", colours.LABEL),
)
"""What the colours of model against label mean."""

_PARTS: Final = np.array(
    [(0, 0, 0, 0)] + [(*_rgb(colour), round(255 * OPACITY)) for _, colour in PARTS],
    np.uint8,
)


def of_probability(prediction: Prediction, candidate: int) -> Picture:
    """Colour one candidate of an answer by its probability of leakage."""
    step = _step(prediction.area.shape)
    values = probability(_logits(prediction, candidate, step))
    return _coloured(Kind.PROBABILITY, prediction.area, step, values)


def of_uncertainty(answers: Sequence[tuple[Prediction, int]]) -> Picture:
    """Colour a frame by how unsure several answers together are.

    Parameters
    ----------
    answers : sequence of (Prediction, int)
        Answers and which of their candidates, all about the same area.
    """
    area = answers[0][0].area
    step = _step(area.shape)
    values = entropy([probability(_logits(*one, step)) for one in answers])
    return _coloured(Kind.UNCERTAINTY, area, step, values)


def against_label(prediction: Prediction, label: NDArray[np.bool_]) -> Picture:
    """Colour what the model and a label (H, W) both call leakage, and one of them."""
    called = prediction.mask().on(prediction.shape)
    step = _step(label.shape)
    start = step // 2
    one, two = (mask[start::step, start::step] for mask in (called, label))
    part = np.zeros(one.shape, np.uint8)
    part[one & two], part[one & ~two], part[two & ~one] = 1, 2, 3
    return Picture(
        Kind.AGAINST_LABEL,
        _PARTS[part],
        step,
        (start, start),
        Overlap.of(called, label),
    )


def _step(shape: tuple[int, int]) -> int:
    return max(1, math.ceil(math.sqrt(shape[0] * shape[1] / LARGEST)))


def _logits(prediction: Prediction, candidate: int, step: int) -> NDArray[np.float32]:
    """Interpolate an answer at every so many-th pixel of its area."""
    area, grid = prediction.area, prediction.grid[candidate]
    rows, columns = (
        grid_places(0, pixels, 0, pixels, points)[step // 2 :: step]
        for pixels, points in zip(area.shape, grid.shape, strict=True)
    )
    return sample(grid, rows, columns)


def _coloured(
    kind: Kind, area: CloseUp, step: int, values: NDArray[np.float32]
) -> Picture:
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    corner = area.top + step // 2, area.left + step // 2
    return Picture(kind, RAMPS[kind][levels], step, corner)
