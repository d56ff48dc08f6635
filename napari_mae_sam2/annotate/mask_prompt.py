"""A drawn or committed mask as a prompt: the logits that SAM 2 starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.model.protocol import LOW_RES_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.fa.placed_mask import PlacedMask

SURE = 4.0
"""Logit of a point that the mask covers wholly.

Of 4, 8 and 16 it gave the best masks from rough outlines; a surer mask is believed
more than the pixels. A mask alone is hardly understood: points and a box belong to it.
"""


def mask_logits(mask: PlacedMask, area: CloseUp) -> NDArray[np.float32]:
    """Turn a mask into what `Prompts.mask` takes.

    Parameters
    ----------
    mask : PlacedMask
        In pixels of the frame.
    area : CloseUp
        What of the frame the model looks at.

    Returns
    -------
    float32 array of shape (256, 256)
        By how much of each point the mask covers, from -`SURE` for nothing to `SURE`.
        A mask smaller than half a point covers the points that it touches most.
    """
    height, width = mask.mask.shape
    rows = _shares(mask.top - area.top, height, area.shape[0])
    columns = _shares(mask.left - area.left, width, area.shape[1])
    covered = rows @ mask.mask.astype(np.float32) @ columns.T
    most = float(covered.max(initial=0.0))
    if 0.0 < most <= 0.5:
        covered /= most
    logits: NDArray[np.float32] = ((covered * 2 - 1) * SURE).astype(np.float32)
    return logits


def _shares(first: int, count: int, length: int) -> NDArray[np.float32]:
    """Return how much of each point of a side every pixel fills, as (256, count).

    Parameters
    ----------
    first, count : int
        Pixels of the mask along this side, in pixels of the area.
    length : int
        Pixels of the area along this side.
    """
    step = length / LOW_RES_SIDE
    point = np.arange(LOW_RES_SIDE)[:, None] * step
    pixel = first + np.arange(count)[None]
    overlap = np.minimum(point + step, pixel + 1) - np.maximum(point, pixel)
    return np.asarray(np.clip(overlap, 0.0, None) / step, dtype=np.float32)
