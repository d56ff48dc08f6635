"""Keeps lesions inside the photographed field, whatever tool makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.annotate.committing import NothingToCommitError

if TYPE_CHECKING:
    from napari_mae_sam2.fa.outside import Outside
    from napari_mae_sam2.fa.placed_mask import PlacedMask


def left_out(pixels: int) -> str:
    """Say that so many pixels were not taken."""
    were = "1 pixel was" if pixels == 1 else f"{pixels} pixels were"
    return f"Only the photographed field can be graded: {were} left out."


def inside_field(
    mask: PlacedMask, outside: Outside, width: int
) -> tuple[PlacedMask, int]:
    """Give what of a mask lies inside the photographed field.

    Parameters
    ----------
    mask : PlacedMask
        Of a proposal or a patch.
    outside : Outside
        Of its frame.
    width : int
        Of the frame.

    Returns
    -------
    mask : PlacedMask
        The same where all of it lies inside.
    left_out : int
        How many pixels do not.

    Raises
    ------
    NothingToCommitError
        If none of it lies inside.
    """
    rows, columns = np.nonzero(mask.mask)
    is_outside = outside.of((rows + mask.top) * width + columns + mask.left)
    if not is_outside.any():
        return mask, 0
    if is_outside.all():
        raise NothingToCommitError(
            "This lies outside the photographed field, which alone can be graded: "
            "reject it with R."
        )
    inside = mask.mask.copy()
    inside[rows[is_outside], columns[is_outside]] = False
    return replace(mask, mask=inside), int(is_outside.sum())
