"""Clean-up of one lesion's outline: a mask in, a mask of the same size out.

Sizes are lengths in pixels and need not be whole. What lies outside the array counts
as more of the same, so that a lesion cut by the frame's edge keeps its cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

if TYPE_CHECKING:
    from numpy.typing import NDArray

EIGHT_CONNECTED = np.ones((3, 3), bool)

_EDGE_BLUR = 1.5
"""Pixels; leakage ends softly, and finer steps than this are grain of the film."""


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what a lesion surrounds.

    Parameters
    ----------
    mask : bool array of shape (H, W)
        With a margin, so that a bay is not taken for a hole.
    """
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=bool)


def drop_islands(mask: NDArray[np.bool_], across: float) -> NDArray[np.bool_]:
    """Drop every separate piece that is smaller than a disc.

    Parameters
    ----------
    mask : bool array of shape (H, W)
    across : float
        Diameter of the disc in pixels; pieces of less area go.
    """
    pieces, _ = ndimage.label(mask, structure=EIGHT_CONNECTED)
    keep = np.bincount(pieces.ravel()) >= np.pi * across**2 / 4
    keep[0] = False
    return np.asarray(keep[pieces], dtype=bool)


def smooth(mask: NDArray[np.bool_], width: float) -> NDArray[np.bool_]:
    """Even out an outline without changing the area.

    The mask is blurred by a Gaussian and cut at the level that leaves as many pixels
    as there were, because area is what is measured of leakage.

    Parameters
    ----------
    mask : bool array of shape (H, W)
        With a margin of twice the width.
    width : float
        Bumps and dents up to about this many pixels go.
    """
    area = int(np.count_nonzero(mask))
    if not area:
        return mask.copy()
    blurred = ndimage.gaussian_filter(
        mask.astype(np.float32), width / 2, mode="nearest", truncate=4.0
    )
    level = np.partition(blurred.ravel(), -area)[-area]
    return np.asarray(blurred >= max(level, np.finfo(np.float32).tiny))


def shrink(mask: NDArray[np.bool_], by: float) -> NDArray[np.bool_]:
    """Take a rim off.

    Parameters
    ----------
    mask : bool array of shape (H, W)
    by : float
        Width of the rim in pixels.
    """
    return np.asarray(mask & (_depth(mask) > by))


def grow(
    mask: NDArray[np.bool_],
    free: NDArray[np.bool_],
    others: NDArray[np.bool_],
    by: float,
) -> NDArray[np.bool_]:
    """Add a rim.

    Parameters
    ----------
    mask : bool array of shape (H, W)
        With a margin of twice the rim.
    free : bool array of shape (H, W)
        Where the rim may go.
    others : bool array of shape (H, W)
        Lesions that grow by as much at the same time: the gap to them is shared.
    by : float
        Width of the rim in pixels.
    """
    distance = _distance(mask)
    rim = free & (distance <= by)
    if others.any():
        rim &= distance <= _distance(others)
    return np.asarray(mask | rim)


def snap_to_edge(
    mask: NDArray[np.bool_],
    grey: NDArray[np.uint8],
    free: NDArray[np.bool_],
    reach: float,
) -> NDArray[np.bool_]:
    """Move an outline to the strongest edge of brightness near it.

    A watershed of the gradient between what lies deeper than the reach and what lies
    further out than it.

    Parameters
    ----------
    mask : bool array of shape (H, W)
        With a margin of more than the reach.
    grey : uint8 array of shape (H, W)
        The frame.
    free : bool array of shape (H, W)
        Where the lesion may go besides where it is.
    reach : float
        How far the outline may move, in pixels.
    """
    if not mask.any():
        return mask.copy()
    depth = _depth(mask)
    pieces, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    deepest = np.zeros(count + 1)
    deepest[1:] = ndimage.maximum(depth, pieces, np.arange(1, count + 1))
    # Of a piece thinner than the reach its middle is what surely stays.
    inside = mask & (depth >= np.minimum(reach + 1, deepest[pieces]))
    outside = ~mask & (_distance(mask) > reach)
    edges = ndimage.gaussian_gradient_magnitude(
        grey.astype(np.float32), _EDGE_BLUR, mode="nearest"
    )
    basins = watershed(edges, inside + 2 * outside.astype(np.int32), mask=mask | free)
    return np.asarray(basins == 1)


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel of a mask from the nearest one beside it."""
    if mask.all():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(mask))


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel from the nearest one of a mask."""
    return _depth(~mask)
