"""From a proposed mask to lesions: what is free becomes one, nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.annotate.numbering import first_of
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
    free_numbers: range,
    each_patch: bool,
) -> tuple[Region, list[int]]:
    """Write a mask into the labels where no lesion is.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
        Changed in place.
    mask : PlacedMask
        What was proposed.
    free_numbers : range
        Numbers that new lesions may get.
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
        If the mask is empty, or no pixel of it is free.
    NoNumberError
        If there are not so many numbers left.
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
    patches, count = number_patches(free, each_patch)
    numbers = first_of(free_numbers, count)
    inside[free] = (patches[free] + (numbers[0] - 1)).astype(np.uint16)
    return region, numbers


def number_patches(
    area: NDArray[np.bool_], each_patch: bool
) -> tuple[NDArray[Any], int]:
    """Give each patch of an area a number, from 1 on.

    Parameters
    ----------
    area : bool array of shape (h, w)
        Not empty.
    each_patch : bool
        False takes the whole area for one patch.

    Returns
    -------
    patches : integer array of shape (h, w)
        0 outside of the area.
    count : int
        How many there are.
    """
    if not each_patch:
        return area.astype(np.uint16), 1
    patches, count = ndimage.label(area, structure=np.ones((3, 3)))
    return patches, int(count)
