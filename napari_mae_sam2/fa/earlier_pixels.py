"""Pixels as this program read them before it looked at orientation and colour tags.

Labels that were drawn then belong to those pixels. A study knows the hash of the pixels
that were graded, and what has that hash is taken: see `reading.read_frame`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image
from tifffile import PHOTOMETRIC

from napari_mae_sam2.fa.decoding import as_stored, decode, is_tiff
from napari_mae_sam2.fa.orientation import (
    TAG,
    UPRIGHT,
    picture_orientation,
    upright,
    valid_orientation,
)
from napari_mae_sam2.fa.pixels import check_size

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_BACK = {6: 8, 8: 6}  # the other orientations undo themselves
_ALIKE = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB, PHOTOMETRIC.PALETTE)


def decode_earlier(path: Path, magic: bytes, page: int) -> NDArray[Any] | None:
    """Decode a picture as earlier versions did.

    Parameters
    ----------
    path, magic, page
        See `decoding.decode`; of a TIFF only pages like its first counted.

    Returns
    -------
    array of shape (H, W) or (H, W, 3), or None
        None where nothing has changed.

    Raises
    ------
    Exception
        Of any kind, if it could not be read then.
    """
    if is_tiff(magic):
        return _decode_tiff(path, page)
    with Image.open(path) as image:
        orientation = picture_orientation(image)
    if orientation == UPRIGHT:
        return None
    turned = upright(decode(path, magic, page), _BACK.get(orientation, orientation))
    return np.ascontiguousarray(turned)


def _decode_tiff(path: Path, index: int) -> NDArray[Any] | None:
    with tifffile.TiffFile(path) as tiff:
        if all(_is_plain(page) for page in tiff.pages):
            return None
        series = tiff.series[0]
        first, page = series.keyframe, series.pages[index]
        if page is None or first.imagedepth != 1:
            raise ValueError("it was no frame")
        check_size(first.imagelength, first.imagewidth, path.name)
        pixels = np.asarray(page.asarray())
        if first.axes.startswith("S") and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        if first.photometric == PHOTOMETRIC.PALETTE:
            colours = np.moveaxis(np.asarray(first.colormap), 0, -1)
            pixels = np.asarray(colours[pixels] >> 8, dtype=np.uint8)
        elif first.photometric == PHOTOMETRIC.MINISWHITE:
            if pixels.dtype.kind == "u":
                pixels = np.asarray(np.iinfo(pixels.dtype).max - pixels)
            elif pixels.dtype.kind == "b":
                pixels = ~pixels
        return as_stored(pixels)


def _is_plain(page: Any) -> bool:
    """Tell pages that are read today as they always were."""
    return (
        page.photometric in _ALIKE
        and page.bitspersample in (1, 8, 16, 32, 64)
        and valid_orientation(page.tags.valueof(TAG)) == UPRIGHT
        and not int(page.tags.valueof(254, 0)) & 5
        and not page.extrasamples
    )
