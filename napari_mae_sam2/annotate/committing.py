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


class NothingToCommitError(PlainError):
    """There is no proposal, or every pixel of it belongs to a lesion already."""


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


def place(
    labels: NDArray[np.uint16],
    mask: NDArray[np.bool_],
    first: int,
    each_patch: bool,
) -> tuple[Region, list[int]]:
    """Write a mask into the labels where no lesion is.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
        Changed in place.
    mask : bool array of shape (H, W)
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
    region = bounding_region(mask)
    if region is None:
        raise NothingToCommitError(
            "The proposal is empty; add a click on the leak, or reject it with R."
        )
    inside = labels[region]
    free = mask[region] & (inside == 0)
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
