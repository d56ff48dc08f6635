"""What a freehand line says: a few points spread along it, or the area within it.

Every place is (row, column) in pixels of the frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.draw import polygon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Place = tuple[float, float]


def spread_along(
    line: NDArray[np.floating], at_most: int, apart: float
) -> list[tuple[float, float]]:
    """Choose places on a line that lie far from each other.

    Parameters
    ----------
    line : float array of shape (N, 2)
        At least one place; between two it is straight.
    at_most : int
        How many to choose.
    apart : float
        Places nearer than this many pixels to a chosen one say nothing new.

    Returns
    -------
    list of (float, float)
        The middle of the line first; then always the place farthest from all chosen
        before, so that a line that goes to and fro is covered as well as a straight
        one.
    """
    dense = _densely(np.asarray(line, np.float64))
    distance = np.full(len(dense), np.inf)
    chosen: list[tuple[float, float]] = []
    here = len(dense) // 2
    while len(chosen) < at_most and distance[here] >= apart:
        chosen.append((float(dense[here, 0]), float(dense[here, 1])))
        distance = np.minimum(distance, np.hypot(*(dense - dense[here]).T))
        here = int(distance.argmax())
    return chosen


def enclosed(
    line: NDArray[np.floating], shape: tuple[int, int]
) -> tuple[int, int, NDArray[np.bool_]]:
    """Fill a closed line.

    Parameters
    ----------
    line : float array of shape (N, 2)
        Its ends are joined.
    shape : (int, int)
        (H, W) of the frame; what lies beside it is cut off.

    Returns
    -------
    top, left : int
        Row and column of the frame that the mask's first pixel has.
    mask : bool array of shape (h, w)
        True within the line and on it, without empty rows and columns around; of
        shape (0, 0) where the line encloses no pixel of the frame.
    """
    rows, columns = polygon(line[:, 0], line[:, 1], shape)
    if not len(rows):
        return 0, 0, np.zeros((0, 0), bool)
    top, left = int(rows.min()), int(columns.min())
    mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), bool)
    mask[rows - top, columns - left] = True
    return top, left, mask


def deep_inside(
    mask: NDArray[np.bool_], at_most: int, apart: float
) -> list[tuple[int, int]]:
    """Choose pixels that lie deep in a mask and far from each other.

    Parameters
    ----------
    mask : bool array of shape (h, w)
        Nothing is taken to lie around it.
    at_most : int
        How many to choose.
    apart : float
        Pixels nearer than this to a chosen one say nothing new.

    Returns
    -------
    list of (int, int)
        (row, column) in the mask, the deepest first; none for an empty mask.
    """
    if not mask.any():
        return []
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    rows, columns = np.indices(mask.shape)
    worth, distance = depth, np.full(mask.shape, np.inf)
    chosen: list[tuple[int, int]] = []
    while len(chosen) < at_most:
        row, column = (int(i) for i in np.unravel_index(worth.argmax(), mask.shape))
        if not mask[row, column] or distance[row, column] < apart:
            break
        chosen.append((row, column))
        distance = np.minimum(distance, np.hypot(rows - row, columns - column))
        # Deep, and as far away again as it is deep: not beside the one before.
        worth = np.minimum(depth, distance / 2)
    return chosen


def _densely(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put a place on every pixel of a line's length."""
    if len(line) == 1:
        return line
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.linspace(0.0, along[-1], int(np.ceil(along[-1])) + 1)
    return np.stack([np.interp(places, along, axis) for axis in line.T], axis=1)
