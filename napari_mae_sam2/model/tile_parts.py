"""What is settled of a large frame before all of its tiles were asked.

A lesion is settled once no tile that is still to come reaches it: its pixels are the
same in the answer to the whole frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.model.prediction import Prediction
from napari_mae_sam2.model.protocol import LOW_RES_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Part = tuple[slice, slice]

_NEIGHBOURS = np.ones((3, 3), bool)


class SettledParts:
    """Hands out every lesion of an answer once, as soon as it is settled.

    Parameters
    ----------
    parts : sequence of tuple of slice
        The points of the answer that each tile reaches, in the order of the tiles.
    points : (int, int)
        Points (h, w) of the answer.
    shape : (int, int)
        (H, W) of the frame.
    blank : float
        Logit of points that are not settled.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        points: tuple[int, ...],
        shape: tuple[int, int],
        blank: float,
    ) -> None:
        self._last = np.zeros(points, np.int32)
        for number, part in enumerate(parts):
            self._last[part] = number
        self._given = np.zeros(points, bool)
        self._shape = shape
        self._blank = blank

    def tell(
        self,
        found: Callable[[Prediction], None],
        tile: int,
        logits: NDArray[np.float32],
        weights: NDArray[np.float32],
    ) -> None:
        """Hand on what `after` gives, if there is anything."""
        new = self.after(tile, logits, weights)
        if new is not None:
            found(new)

    def after(
        self, tile: int, logits: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> Prediction | None:
        """Give what is settled now and was not before.

        Parameters
        ----------
        tile : int
            Number of the tile that was asked last.
        logits, weights : float32 arrays of shape (h, w)
            Weighted sums of the tiles so far, and the sums of the weights.

        Returns
        -------
        Prediction or None
            With the new lesions alone; None where there is none.
        """
        settled = self._last <= tile
        mean = np.full(logits.shape, self._blank, np.float32)
        np.divide(logits, weights, out=mean, where=settled & (weights > 0))
        numbers, count = ndimage.label(mean > 0, structure=_NEIGHBOURS)
        if not count:
            return None
        # A lesion may go on where a later tile has its say.
        open_edge = ndimage.binary_dilation(~settled, _NEIGHBOURS)
        known: NDArray[Any] = np.unique(numbers[open_edge | self._given])
        new = (numbers > 0) & ~np.isin(numbers, known)
        if not new.any():
            return None
        self._given |= new
        # Between points the answer is bilinear: their neighbours count as well.
        near = ndimage.binary_dilation(new, _NEIGHBOURS)
        grid = np.where(near, mean, np.float32(self._blank))
        low_res = np.zeros((1, LOW_RES_SIDE, LOW_RES_SIDE), np.float32)
        return Prediction(grid[None], np.ones(1, np.float32), low_res, self._shape)
