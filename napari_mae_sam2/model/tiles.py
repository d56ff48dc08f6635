"""All leakage of a large frame, asked for in overlapping tiles at full resolution.

Squeezed into the encoder's square, an ultra-widefield frame loses its small lesions.
Each tile is encoded as it is; where tiles overlap their logits fade into each other,
so that no seam is seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.pixels import as_8bit
from napari_mae_sam2.model.prediction import Prediction, grid_places, sample
from napari_mae_sam2.model.protocol import LOW_RES_SIDE, Cancelled, Prompts
from napari_mae_sam2.model.tile_parts import SettledParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Embedding, Predictor

WORTH_IT: Final = 1.5
"""Frames longer than this many sides of the encoder's input are taken in tiles."""

OVERLAP: Final = 0.125
"""Of a tile's side that it shares with the next one, at least."""

_CELL: Final = 4  # pixels of the frame to a point of the answer, as in SAM 2 itself
_BLANK: Final = -8.0  # logit of a tile in which all pixels are equal
_FAINTEST: Final = 1e-3  # of a tile at its very edge, so that every pixel has a say


def needs_tiles(shape: tuple[int, int], image_size: int) -> bool:
    """Tell whether a frame (H, W) loses too much in one square of the encoder."""
    return max(shape) > WORTH_IT * image_size


def plan_tiles(shape: tuple[int, int], side: int) -> list[CloseUp]:
    """Lay tiles over a frame, evenly and from the top left.

    Parameters
    ----------
    shape : (int, int)
        (H, W) of the frame.
    side : int
        Of a tile, in pixels.

    Returns
    -------
    list of CloseUp
        Together they hold every pixel; neighbours overlap by `OVERLAP` of a side at
        least. No tile is larger than the frame.
    """
    rows, columns = (_starts(length, side) for length in shape)
    height, width = (min(side, length) for length in shape)
    return [
        CloseUp(top, left, top + height, left + width)
        for top in rows
        for left in columns
    ]


def all_leakage(
    predictor: Predictor, pixels: NDArray[np.generic], embedding: Embedding
) -> Prediction:
    """Find all leakage of a frame without a prompt, in tiles where it is large.

    Parameters
    ----------
    predictor : Predictor
    pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or float.
    embedding : Embedding
        Of the whole frame; used where it is small enough.
    """
    if needs_tiles((pixels.shape[0], pixels.shape[1]), predictor.image_size):
        return segment_in_tiles(predictor, pixels)
    return predictor.decode(embedding, Prompts())


def segment_in_tiles(
    predictor: Predictor,
    pixels: NDArray[np.generic],
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    keep: bool = True,
    found: Callable[[Prediction], None] | None = None,
) -> Prediction:
    """Find all leakage of a large frame without a prompt; slow.

    Parameters
    ----------
    predictor : Predictor
        Where it keeps what it encoded, a second call is fast.
    pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or float.
    cancelled : callable, optional
        Asked before every tile and while one is encoded.
    progress : callable, optional
        Gets how many tiles are done and how many there are.
    keep : bool
        False where nobody will ask for these pixels again.
    found : callable, optional
        Gets lesions as soon as no further tile can change them, each once, as a
        prediction of nothing else.

    Returns
    -------
    Prediction
        One candidate; its score is the mean of the tiles' by what they found.

    Raises
    ------
    FrameError
        If the pixels cannot be a frame.
    Cancelled
        If `cancelled` answered True.
    """
    shown = as_8bit(pixels)
    shape = (shown.shape[0], shown.shape[1])
    tiles = plan_tiles(shape, predictor.image_size)
    points = tuple(math.ceil(length / _CELL) for length in shape)
    logits, weights = (np.zeros(points, np.float32) for _ in range(2))
    scores, areas = [0.0], [1e-6]
    places = [_points_in(tile, shape, points) for tile in tiles]
    settled = SettledParts([part for part, *_ in places], points, shape, _BLANK)
    for done, (tile, (part, rows, columns)) in enumerate(
        zip(tiles, places, strict=True)
    ):
        if progress is not None:
            progress(done, len(tiles))
        if cancelled is not None and cancelled():
            raise Cancelled
        weight = _fading(rows, tile.shape[0])[:, None] * _fading(columns, tile.shape[1])
        weights[part] += weight
        seen = shown[tile.region]
        if seen.min() == seen.max():
            logits[part] += _BLANK * weight
            if found is not None and done + 1 < len(tiles):
                settled.tell(found, done, logits, weights)
            continue
        answer = predictor.decode(
            predictor.encode(seen, cancelled, keep=keep), Prompts()
        )
        grid = answer.grid[0]
        h, w = grid.shape
        height, width = tile.shape
        sampled = sample(
            grid,
            (rows + 0.5) * (h / height) - 0.5,
            (columns + 0.5) * (w / width) - 0.5,
        )
        logits[part] += sampled * weight
        scores.append(float(answer.scores[0]))
        areas.append(float((grid > 0).sum()) + 1)
        if found is not None and done + 1 < len(tiles):
            settled.tell(found, done, logits, weights)
    if progress is not None:
        progress(len(tiles), len(tiles))
    logits /= weights
    return Prediction(
        grid=logits[None],
        scores=np.array([np.average(scores, weights=areas)], np.float32),
        low_res=_low_res(logits)[None],
        shape=shape,
    )


def _starts(length: int, side: int) -> list[int]:
    """Return the first pixel of every tile along one axis."""
    if length <= side:
        return [0]
    count = math.ceil((length - OVERLAP * side) / (side - OVERLAP * side))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _points_in(
    tile: CloseUp, shape: tuple[int, int], points: tuple[int, ...]
) -> tuple[tuple[slice, slice], NDArray[np.float64], NDArray[np.float64]]:
    """Return the points of the answer in a tile, and where in its pixels they lie."""
    parts, places = [], []
    for first, last, length, count in zip(
        (tile.top, tile.left),
        (tile.bottom, tile.right),
        shape,
        points,
        strict=True,
    ):
        # The pixel of every point, as the inverse of `grid_places`.
        at = grid_places(0, count, 0, count, length)
        start, stop = np.searchsorted(at, [first - 0.5, last - 0.5])
        parts.append(slice(int(start), int(stop)))
        places.append(at[start:stop] - first)
    return (parts[0], parts[1]), places[0], places[1]


def _fading(places: NDArray[np.float64], length: int) -> NDArray[np.float32]:
    """Weigh points by how far from the edge of a tile they are, up to the overlap."""
    edge = np.minimum(places + 0.5, length - 0.5 - places)
    share = edge / max(OVERLAP * length, 1)
    return np.clip(share, _FAINTEST, 1.0).astype(np.float32)


def _low_res(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits as a prompt on the whole frame, (256, 256)."""
    rows, columns = (
        grid_places(0, LOW_RES_SIDE, 0, LOW_RES_SIDE, count) for count in logits.shape
    )
    return np.clip(sample(logits, rows, columns), -32.0, 32.0)
