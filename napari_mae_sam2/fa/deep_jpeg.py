"""JPEG files that Pillow does not read: 12 and 16 bits, lossless ones, JPEG-LS.

Medical cameras write them; imagecodecs decodes them. Values are kept as stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import imagecodecs
import numpy as np
from PIL import Image

from napari_mae_sam2.fa.orientation import TAG, UPRIGHT, valid_orientation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # kinds of coding
_LOSSLESS: Final = 0xC3
_JPEG_LS: Final = 0xF7
_ALONE: Final = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_SCAN, _END, _EXIF = 0xDA, b"\xff\xd9", 0xE1


@dataclass(frozen=True, slots=True)
class JpegHead:
    """What a JPEG says of itself before its pixels.

    Attributes
    ----------
    bits : int
        Of a channel.
    height, width : int
        In pixels, as stored.
    coding : int
        Second byte of the marker that says how it is coded.
    orientation : int
        From EXIF, 1 to 8.
    scan : int
        Where the pixels begin, in bytes.
    """

    bits: int
    height: int
    width: int
    coding: int
    orientation: int
    scan: int

    @property
    def is_deep(self) -> bool:
        """Whether `decode_deep_jpeg` is needed."""
        return self.bits != 8 or self.coding in (_LOSSLESS, _JPEG_LS)


def read_head(data: bytes) -> JpegHead:
    """Read the head of a JPEG.

    Raises
    ------
    ValueError
        If it ends before its pixels begin.
    """
    at, found, orientation = 2, None, UPRIGHT
    while at + 4 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0xFF:  # filling
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            length = int.from_bytes(data[at + 2 : at + 4])
            part = data[at + 4 : at + 2 + length]
            if marker == _SCAN and found is not None:
                bits, height, width = part_sizes(found[1])
                return JpegHead(bits, height, width, found[0], orientation, at)
            if marker in _FRAMES or marker == _JPEG_LS:
                found = marker, part
            elif marker == _EXIF and part.startswith(b"Exif\0\0"):
                orientation = _exif_orientation(part)
            at += 2 + length
    raise ValueError("a JPEG without pixels")


def part_sizes(part: bytes) -> tuple[int, int, int]:
    """Give bits, height and width that the description of a JPEG's frame holds."""
    if len(part) < 6:
        raise ValueError("a JPEG without a size")
    return part[0], int.from_bytes(part[1:3]), int.from_bytes(part[3:5])


def decode_deep_jpeg(data: bytes, head: JpegHead) -> NDArray[Any]:
    """Decode a JPEG that Pillow does not read; not turned upright.

    Returns
    -------
    uint8 or uint16 array of shape (H, W) or (H, W, 3)
        Fewer than 8 bits are stretched to 8.

    Raises
    ------
    Exception
        Of any kind, if it is damaged or cut short.
    """
    # The decoder fills what is missing with grey and says nothing.
    if data.find(_END, head.scan) < 0:
        raise ValueError("the end is missing")
    if head.coding == _JPEG_LS:
        pixels: NDArray[Any] = np.asarray(imagecodecs.jpegls_decode(data))
    else:
        pixels = np.asarray(imagecodecs.jpeg_decode(data))
    if head.bits < 8:
        top = 2**head.bits - 1
        pixels = ((pixels.astype(np.uint16) * 255 + top // 2) // top).astype(np.uint8)
    return pixels


def _exif_orientation(part: bytes) -> int:
    try:
        exif = Image.Exif()
        exif.load(part)
        return valid_orientation(exif.get(TAG))
    except Exception:  # damaged tags make readers raise almost anything
        return UPRIGHT
