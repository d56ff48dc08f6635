"""Frames and label images as bytes of lossless files, and back.

TIFF is the record; the PNGs beside it are for people and other programs.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def tiff_bytes(pixels: NDArray[Any]) -> bytes:
    """Encode an array as a deflate-compressed TIFF.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.

    Returns
    -------
    bytes
        One page, readable by any TIFF reader.
    """
    buffer = io.BytesIO()
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    # No metadata: it would hold the time and make equal labels differ in bytes.
    tifffile.imwrite(
        buffer, pixels, compression="zlib", photometric=photometric, metadata=None
    )
    return buffer.getvalue()


def png_bytes(pixels: NDArray[Any]) -> bytes:
    """Encode a uint8 or uint16 array of shape (H, W) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def label_files(labels: NDArray[np.uint16]) -> dict[str, bytes]:
    """Encode a label image in the forms that people expect.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
        Lesion ids.

    Returns
    -------
    dict of str to bytes
        "lesions.tif" and "lesions.png" with the ids, "leakage.png" with 0 and 255.
    """
    return {
        "lesions.tif": tiff_bytes(labels),
        "lesions.png": png_bytes(labels),
        "leakage.png": png_bytes(np.where(labels, 255, 0).astype(np.uint8)),
    }


def read_tiff(path: Path) -> NDArray[Any]:
    """Read an array that `tiff_bytes` encoded.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    array
        As it was encoded.

    Raises
    ------
    StudyError
        If the file is missing or damaged.
    """
    try:
        return np.asarray(tifffile.imread(path))
    except Exception as error:  # decoders of foreign bytes raise almost anything
        what = "damaged or cut short" if path.exists() else "missing"
        raise StudyError(f"{path} is {what}: restore it from a backup.") from error
