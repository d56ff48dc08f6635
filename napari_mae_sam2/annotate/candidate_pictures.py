"""Small pictures of the model's candidates, side by side on the same piece of frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.model.prediction import sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.proposal import Proposal

_TINT = np.array([34, 211, 238], np.float32)  # the proposal's colour in the frame
_MARGIN = 0.25
"""Of the candidates' extent, shown around them."""


def candidate_pictures(
    pixels: NDArray[Any], proposal: Proposal, height: int, width: int
) -> list[NDArray[np.uint8]]:
    """Draw each candidate of a proposal.

    Takes time by the size of the pictures, not of the frame.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        The frame.
    proposal : Proposal
        Its candidates are cut at its own threshold.
    height, width : int
        Of each picture.

    Returns
    -------
    list of uint8 arrays of shape (height, width, 3)
        RGB; where all candidates are empty, of all that the model looked at.
    """
    prediction = proposal.prediction
    area, grid = prediction.area, prediction.grid
    rows, columns = _places(proposal, height, width)
    frame_rows, has_row = _nearest(rows, pixels.shape[0])
    frame_columns, has_column = _nearest(columns, pixels.shape[1])
    grey = _stretched(pixels[np.ix_(frame_rows, frame_columns)])
    grey *= has_row[:, None] & has_column[None]  # black beside the frame
    on_rows = (rows - area.top + 0.5) * (grid.shape[1] / area.shape[0]) - 0.5
    on_columns = (columns - area.left + 0.5) * (grid.shape[2] / area.shape[1]) - 0.5
    inside = ((rows >= area.top - 0.5) & (rows < area.bottom - 0.5))[:, None] & (
        (columns >= area.left - 0.5) & (columns < area.right - 0.5)
    )[None]
    return [
        _tinted(grey, (sample(one, on_rows, on_columns) > proposal.threshold) & inside)
        for one in grid
    ]


def _places(
    proposal: Proposal, height: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows and columns of the frame that a picture shows."""
    area, grid = proposal.prediction.area, proposal.prediction.grid
    above: NDArray[np.bool_] = grid.max(axis=0) > proposal.threshold
    if not above.any():
        above = np.ones_like(above)
    ends = []
    for axis, first, length in (
        (1, area.top, area.shape[0]),
        (0, area.left, area.shape[1]),
    ):
        hits = np.flatnonzero(above.any(axis=axis))
        scale = length / above.shape[1 - axis]
        ends.append((first + hits[0] * scale, first + (hits[-1] + 1) * scale))
    (top, bottom), (left, right) = ends
    # One scale for both sides, so that nothing looks stretched.
    step = (1 + 2 * _MARGIN) * max((bottom - top) / height, (right - left) / width)
    return (
        (top + bottom - 1) / 2 + (np.arange(height) - (height - 1) / 2) * step,
        (left + right - 1) / 2 + (np.arange(width) - (width - 1) / 2) * step,
    )


def _nearest(
    places: NDArray[np.float64], length: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the pixel nearest to each place, and whether the frame has it."""
    pixel = np.rint(places).astype(np.intp)
    inside = np.clip(pixel, 0, length - 1)
    return inside, inside == pixel


def _stretched(part: NDArray[Any]) -> NDArray[np.float32]:
    grey = part.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    low, high = (float(level) for level in np.percentile(grey, (1, 99)))
    shown = (grey - low) * (230.0 / max(high - low, 1e-6))
    return np.asarray(np.clip(shown, 0, 230), dtype=np.float32)


def _tinted(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[mask] = 0.7 * picture[mask] + 0.3 * _TINT
    rim = mask & ~ndimage.binary_erosion(mask, border_value=1)
    picture[rim] = _TINT
    return picture.astype(np.uint8)
