"""Masks from files, turned into lesions: 0 is background, 1 to n are the lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image
from skimage.measure import label as connected

from mae_sam2_training.data.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def read_lesions(
    path: Path, shape: tuple[int, int], foreground: Sequence[int] = ()
) -> NDArray[np.uint16]:
    """Read a mask.

    Parameters
    ----------
    path : Path
        PNG, BMP or TIFF with one channel. 16-bit values are lesion numbers; 8-bit
        ones must be 0 and 1, or 0 and 255, and every connected area is a lesion.
    shape : (int, int)
        (H, W) of its frame.
    foreground : sequence of int
        Where given, these values are leakage and all others are not.

    Returns
    -------
    uint16 array of shape (H, W)
        0 is background, 1 to n are the lesions without a gap.

    Raises
    ------
    DataError
        If the file is no mask, has another size, or has other values.
    """
    values = _read(path)
    if values.ndim == 3 and (values == values[..., :1]).all():
        values = values[..., 0]
    if values.ndim != 2 or values.dtype.kind not in "bui":
        raise DataError(
            f"The mask {path} has shape {values.shape} and type {values.dtype}: "
            "save it with one channel of whole numbers."
        )
    if values.shape != shape:
        raise DataError(
            f"The mask {path} is {values.shape[1]} x {values.shape[0]} pixels and its "
            f"frame {shape[1]} x {shape[0]}: export the mask at the frame's size."
        )
    if foreground:
        return number(np.isin(values, foreground))
    kinds = np.unique(values)
    said, is_small = set(kinds.tolist()), values.dtype.itemsize == 1
    if is_small and (said <= {0, 1} or said <= {0, 255}):
        return number(values > 0)
    if is_small or kinds[0] < 0:
        shown = ", ".join(str(kind) for kind in kinds[:4])
        raise DataError(
            f"The mask {path} holds the values {shown}, ...: save leakage as 255 and "
            "the rest as 0, or name leakage's values in data.foreground."
        )
    numbers = np.searchsorted(np.union1d([0], kinds), values)
    return numbers.astype(np.uint16)


def number(leakage: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Give each connected area of leakage a number; corners count as connected."""
    lesions: NDArray[np.uint16] = connected(leakage, connectivity=2).astype(np.uint16)
    return lesions


def _read(path: Path) -> NDArray[Any]:
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            values: NDArray[Any] = tifffile.imread(path)
            return values
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, tifffile.TiffFileError) as error:
        raise DataError(
            f"The mask {path} is damaged or no image: export it again."
        ) from error
