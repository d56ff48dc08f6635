"""How a picture is to be held: the orientation tag of EXIF and TIFF.

One rule for every reader of frames and masks: a picture is turned and mirrored as its
tag says when it is read, and everything after that knows upright pixels alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

TAG: Final = 274
"""The number of the tag, the same in TIFF and in EXIF."""

UPRIGHT: Final = 1
"""As stored; also taken where the tag is missing or makes no sense."""


def valid_orientation(value: object) -> int:
    """Give a tag's value where it is one of 1 to 8, else `UPRIGHT`."""
    if isinstance(value, tuple) and value:
        value = value[0]
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else UPRIGHT


def picture_orientation(image: Image.Image) -> int:
    """Read the orientation of a PNG, JPEG or BMP that Pillow has loaded.

    It is the EXIF tag, or where there is none the same tag in XMP. Damaged tags are no
    reason to refuse a picture.
    """
    try:
        return valid_orientation(image.getexif().get(TAG))
    except Exception:  # damaged tags make readers raise almost anything
        return UPRIGHT


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror a picture as its tag says (TIFF 6.0, page 36).

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, C)
        As stored.
    orientation : int
        1 to 8: where the first stored row and the first stored column belong. 1 top
        left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7
        right bottom, 8 left bottom.

    Returns
    -------
    array of shape (H, W, …), or (W, H, …) from 5 on
        A view of the pixels.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
