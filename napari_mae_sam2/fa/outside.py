"""What of a picture lies outside the photographed field, where nothing is leakage.

Stricter than `field`, which measures: here a pixel is only called outside where that
is beyond doubt, because what lies outside cannot be graded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.pixels import as_grey8

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORK_SIDE = 512  # a border is a coarse thing: it is looked for on a small copy
_BLACK = 17  # of 255 levels: a border is no lighter than a video camera's black
_LEAST_FIELD = 0.25  # a smaller lit part of the picture is no photographed field
_MARGIN = 0.01  # of the longer side: so far the edge of the field may be wrong
_LEAST_LIT = 0.003  # of the picture: a smaller lit part beside the field is text


class Outside:
    """Tells which pixels of a frame lie outside the photographed field.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W) or (H, W, 3)
        A frame.
    """

    def __init__(self, pixels: NDArray[Any]) -> None:
        grey = as_grey8(pixels)
        self._step = max(1, int(np.ceil(max(grey.shape) / _WORK_SIDE)))
        self._width = grey.shape[1]
        self._mask = _outside(grey[:: self._step, :: self._step])

    @property
    def is_empty(self) -> bool:
        """True where the whole picture is the field, or nobody can tell."""
        return self._mask is None

    def of(self, where: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Tell of pixels whether they lie outside.

        Parameters
        ----------
        where : integer array of shape (N,)
            Their places in the flat frame.

        Returns
        -------
        bool array of shape (N,)
        """
        if self._mask is None:
            return np.zeros(len(where), bool)
        rows, columns = np.divmod(where, self._width)
        inside: NDArray[np.bool_] = self._mask[
            rows // self._step, columns // self._step
        ]
        return inside


def _outside(grey: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    side = max(2, min(grey.shape) // 40)
    corners = [
        grey[rows, columns]
        for rows in (slice(None, side), slice(-side, None))
        for columns in (slice(None, side), slice(-side, None))
    ]
    if min(float(np.percentile(one, 99)) for one in corners) > _BLACK:
        return None
    field = field_mask(grey)
    if not _LEAST_FIELD <= field.mean() < 1:
        return None
    # Retina that the camera lit unevenly may lie apart from the field that was found.
    lit, _ = ndimage.label(ndimage.median_filter(grey, size=5) > _BLACK + 3)
    sizes = np.bincount(lit.ravel())
    sizes[0] = 0
    inside = field | (sizes >= _LEAST_LIT * grey.size)[lit]
    margin = max(2, round(_MARGIN * max(grey.shape)))
    wide = ndimage.distance_transform_edt(~inside) <= margin
    return np.asarray(~wide)
