"""How well one mask agrees with another: overlap, and distance of the outlines.

Pure functions on masks of one frame. What happens over many frames, and how certain
it is, lives in `evaluation`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray


def dice(predicted: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks.

    Parameters
    ----------
    predicted, wanted : bool array of shape (H, W)

    Returns
    -------
    float
        0 to 1; 1 where both are empty.
    """
    total = int(np.count_nonzero(predicted)) + int(np.count_nonzero(wanted))
    return 2 * int(np.count_nonzero(predicted & wanted)) / total if total else 1.0


def iou(predicted: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks, 0 to 1; 1 where both are empty."""
    either = int(np.count_nonzero(predicted | wanted))
    return int(np.count_nonzero(predicted & wanted)) / either if either else 1.0


def outline_agreement(
    predicted: NDArray[np.bool_], wanted: NDArray[np.bool_], tolerance: float
) -> tuple[float, float]:
    """95 % Hausdorff distance and surface Dice, as MONAI computes them.

    Parameters
    ----------
    predicted, wanted : bool array of shape (H, W)
    tolerance : float
        Two outlines closer than this agree, in pixels.

    Returns
    -------
    hd95 : float
        In pixels, the larger of the two directions (Huttenlocher 1993, at the 95th
        percentile). 0 where both masks are empty; where one of them is, the diagonal
        of the frame, so that a missed lesion cannot better the mean.
    surface_dice : float
        Share of both outlines within the tolerance (Nikolov 2021), 0 to 1; 1 where
        both masks are empty, 0 where one of them is.
    """
    if not predicted.any() or not wanted.any():
        if predicted.any() == wanted.any():
            return 0.0, 1.0
        return float(np.hypot(*wanted.shape)), 0.0
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    box = _around(predicted | wanted)
    one, other = (
        torch.from_numpy(np.pad(mask[box], 1))[None, None].float()  # [1, 1, h, w]
        for mask in (predicted, wanted)
    )
    with warnings.catch_warnings():
        # MONAI warns of an argument that MONAI itself passes
        warnings.simplefilter("ignore", FutureWarning)
        hd95 = compute_hausdorff_distance(
            one, other, include_background=True, percentile=95
        )
        surface = compute_surface_dice(
            one, other, class_thresholds=[tolerance], include_background=True
        )
    return float(hd95), float(surface)


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Give rows and columns that hold a mask: distances need no more of the frame."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
