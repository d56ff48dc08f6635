"""From a proposed mask to lesions: what is free becomes one, nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.annotate.label_image import MOST_LESIONS
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.pixel_change import Region
    from napari_mae_sam2.fa.placed_mask import PlacedMask


class NothingToCommitError(PlainError):
    """There is no proposal, or every pixel of it belongs to a lesion already."""


def place(
    labels: NDArray[np.uint16],
    mask: PlacedMask,
    first: int,
    each_patch: bool,
) -> tuple[Region, list[int]]:
    """Write a mask into the labels where no lesion is.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
        Changed in place.
    mask : PlacedMask
        What was proposed.
    first : int
        Number of the first new lesion.
    each_patch : bool
        True makes each separate patch a lesion of its own.

    Returns
    -------
    region : tuple of slice
        Nothing outside of it was changed.
    numbers : list of int
        The new lesions, from top to bottom.

    Raises
    ------
    NothingToCommitError
        If the mask is empty, no pixel of it is free, or there is no number left.
    """
    if not mask.area:
        raise NothingToCommitError(
            "The proposal is empty; add a click on the leak, or reject it with R."
        )
    region = mask.region
    inside = labels[region]
    free = mask.mask & (inside == 0)
    if not free.any():
        raise NothingToCommitError(
            "Every pixel of the proposal belongs to a lesion already; "
            "refine it or reject it with R."
        )
    patches, count = (
        ndimage.label(free, structure=np.ones((3, 3)))
        if each_patch
        else (free.astype(np.uint16), 1)
    )
    if first + count - 1 > MOST_LESIONS:
        raise NothingToCommitError(
            f"A frame holds at most {MOST_LESIONS} lesions; merge some first."
        )
    inside[free] = (patches[free] + (first - 1)).astype(np.uint16)
    return region, list(range(first, first + count))
