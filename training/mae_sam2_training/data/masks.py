"""Masks of training data, read by the reader of the whole project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from napari_mae_sam2.fa.mask_reading import Mask, MaskError, read_mask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def read_label(
    path: Path, shape: tuple[int, int], foreground: Sequence[int] = ()
) -> Mask:
    """Read lesions and unsure areas; see `napari_mae_sam2.fa.mask_reading.read_mask`.

    Raises
    ------
    DataError
        If the file is no mask, has another size, or can be understood in two ways.
    """
    try:
        return read_mask(path, shape, foreground)
    except MaskError as error:
        raise DataError(str(error)) from error


def read_lesions(
    path: Path, shape: tuple[int, int], foreground: Sequence[int] = ()
) -> NDArray[np.uint16]:
    """Read the lesions of a mask alone; see `read_label`.

    Returns
    -------
    uint16 array of shape (H, W)
        0 is background, 1 to n are the lesions without a gap.
    """
    return read_label(path, shape, foreground).lesions
