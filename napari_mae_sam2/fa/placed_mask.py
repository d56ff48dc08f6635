"""A mask that knows where in the frame it lies, without the frame around it.

A lesion is small and an ultra-widefield frame is not: what is asked of a lesion is
answered on the few rows and columns that it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PlacedMask:
    """A part of a mask; everything outside of it is False.

    Attributes
    ----------
    top, left : int
        Row and column of the frame that its first pixel has.
    mask : bool array of shape (h, w)
        May have no pixel at all.
    """

    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns of the frame."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @property
    def area(self) -> int:
        """How many pixels are True."""
        return int(np.count_nonzero(self.mask))

    def has(self, row: int, column: int) -> bool:
        """Tell whether a pixel of the frame belongs to it."""
        height, width = self.mask.shape
        row, column = row - self.top, column - self.left
        inside = 0 <= row < height and 0 <= column < width
        return inside and bool(self.mask[row, column])

    def on(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask of a whole frame of shape (H, W)."""
        whole = np.zeros(shape, bool)
        whole[self.region] = self.mask
        return whole

    def trimmed(self) -> PlacedMask:
        """Return the same without the empty rows and columns around it."""
        rows = np.flatnonzero(self.mask.any(axis=1))
        if not len(rows):
            return PlacedMask(self.top, self.left, np.zeros((0, 0), bool))
        columns = np.flatnonzero(self.mask.any(axis=0))
        inner = self.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return PlacedMask(self.top + int(rows[0]), self.left + int(columns[0]), inner)
