"""What changed in a label image: which pixels, from what, to what.

Pixels are listed one by one rather than as a rectangle: leakage is a small part of a
frame, and a step over a whole ultra-widefield frame must not hold all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Region = tuple[slice, slice]
"""Rows and columns of a rectangle of the frame."""


class Origin(IntEnum):
    """What made a pixel leakage; it stays when the pixel goes to another lesion."""

    NONE = 0
    """It is no leakage."""
    MODEL = 1
    BRUSH = 2
    CLEAN_UP = 3
    EARLIER = 4
    """It was there when the case was opened, and nobody knows any more."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelChange:
    """Pixels of one label image, before and after a step.

    Attributes
    ----------
    region : tuple of slice
        The smallest rectangle that holds them.
    where : int32 array of shape (N,)
        Their positions in the flattened frame, ascending.
    before, after : uint16 arrays of shape (N,)
        Lesion numbers.
    origins_before, origins_after : uint8 arrays of shape (N,)
        See `Origin`.
    """

    region: Region
    where: NDArray[np.int32]
    before: NDArray[np.uint16]
    after: NDArray[np.uint16]
    origins_before: NDArray[np.uint8]
    origins_after: NDArray[np.uint8]


def positions_of_difference(
    one: NDArray[np.uint16], other: NDArray[np.uint16], within: Region | None = None
) -> NDArray[np.int32]:
    """Find the pixels in which two label images differ.

    Parameters
    ----------
    one, other : uint16 arrays of shape (H, W)
    within : tuple of slice, optional
        Look in this rectangle alone.

    Returns
    -------
    int32 array of shape (N,)
        Positions in the flattened frame, ascending.
    """
    if within is None:
        return np.flatnonzero(one != other).astype(np.int32)
    different = one[within] != other[within]
    where: NDArray[np.int32] = np.flatnonzero(different).astype(np.int32)
    top, left = within[0].start or 0, within[1].start or 0
    width, inner = one.shape[1], different.shape[1]
    if inner == width or not len(where):
        return where + np.int32(top * width)
    # What lies between the end of a row of the rectangle and the next one's begin.
    skipped = where // np.int32(inner) * np.int32(width - inner)
    return where + skipped + np.int32(top * width + left)


def region_of(where: NDArray[np.int32], width: int) -> Region:
    """Give the smallest rectangle that holds some pixels of a frame so wide."""
    columns = where % width
    return (
        slice(int(where[0]) // width, int(where[-1]) // width + 1),
        slice(int(columns.min()), int(columns.max()) + 1),
    )


def bounding_region(mask: NDArray[np.bool_]) -> Region | None:
    """Return the smallest rectangle that holds a mask (H, W), None where empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
