"""The photographed field of a frame: everything but the dark border of the camera.

The border is found by what it is, dark and joined to the edge of the picture, and not
by a fixed shape, so circular, cut and ultra-widefield frames all work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage.morphology import convex_hull_image
from skimage.transform import resize

from napari_mae_sam2.fa.pixels import as_grey8

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORK_SIDE = 512  # the border is a coarse thing: found on a small copy
_DARK = 20  # a corner with more than this of 255 levels is retina, not border
_ABOVE_BORDER = 3  # levels by which the field's darkest part outshines the border
_TEXT_SHARE = (
    0.02  # clock times and scale bars are smaller than this share of the field
)


def field_mask(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the photographed field.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W), (H, W, 3) or (H, W, 4)
        A frame.

    Returns
    -------
    bool array of shape (H, W)
        True inside the field: one convex piece, with dark vessels, early-phase
        background and burned-in text inside it. All True where no border is found.
    """
    grey = as_grey8(pixels)
    height, width = grey.shape
    step = max(1, int(np.ceil(max(grey.shape) / _WORK_SIDE)))
    small = grey[::step, ::step]
    # A median takes JPEG ringing and hair-thin text away but keeps the field's edge.
    small = ndimage.median_filter(small, size=5, mode="nearest")
    bright = small > _border_level(small)
    labels, count = ndimage.label(bright)
    if not count:
        return np.ones((height, width), bool)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    # Early frames fall apart into a few lit pieces; text lies apart and is small.
    keep = areas >= max(_TEXT_SHARE * areas.sum(), 1)
    field = convex_hull_image(keep[labels])
    if step == 1:
        return np.asarray(field, dtype=bool)
    large = resize(field.astype(np.float32), (height, width), order=1, mode="edge")
    return np.asarray(large > 0.5)


def _border_level(small: NDArray[np.uint8]) -> int:
    """Grey level of the border: a little above what the corners hold."""
    side = max(2, min(small.shape) // 40)
    corners = (
        small[:side, :side],
        small[:side, -side:],
        small[-side:, :side],
        small[-side:, -side:],
    )
    # The quietest corner: the others may hold text or, in a cut field, retina.
    dark = min(float(np.percentile(corner, 99)) for corner in corners)
    return int(dark) + _ABOVE_BORDER if dark <= _DARK else 0
