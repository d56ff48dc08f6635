"""From the bytes of an image file to upright pixels, without loss.

The size is checked from the header, so a huge file costs no memory. Everything that
damaged bytes make a decoder raise passes through here; `reading` puts it into words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from napari_mae_sam2.fa.deep_jpeg import decode_deep_jpeg, read_head
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.orientation import picture_orientation, upright
from napari_mae_sam2.fa.pixels import check_size
from napari_mae_sam2.fa.tiff_pages import frame_places
from napari_mae_sam2.fa.tiff_pixels import read_tiff_frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# The format classes are used instead of Image.open: that one warns about, or refuses,
# large pictures by a limit of its own before ours can say it in plain words.
_JPEG = b"\xff\xd8\xff"
_PILLOW: dict[bytes, Callable[..., Image.Image]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    _JPEG: JpegImagePlugin.JpegImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def find_magic(head: bytes) -> bytes | None:
    """Find the magic bytes by which a file is known, in its first eight.

    Returns
    -------
    bytes or None
        To be handed to `decode`; None where it is no image that is read here.
    """
    found = (magic for magic in (*_PILLOW, *_TIFF) if head.startswith(magic))
    return next(found, None)


def is_tiff(magic: bytes) -> bool:
    """Tell whether magic bytes are those of a TIFF."""
    return magic in _TIFF


def count_pictures(path: Path, magic: bytes) -> int:
    """Count the frames in a file; thumbnails, overviews and masks do not count."""
    return len(frame_places(path)) if magic in _TIFF else 1


def decode(path: Path, magic: bytes, page: int) -> NDArray[Any]:
    """Decode one picture.

    Parameters
    ----------
    path : Path
        The file.
    magic : bytes
        From `find_magic`.
    page : int
        Which picture, from 0.

    Returns
    -------
    array of shape (H, W) or (H, W, 3)
        Upright, in native byte order, C-contiguous; see `read_frame` for what is kept.

    Raises
    ------
    FrameError
        If it is too small or too large, a volume, or has no such page.
    Exception
        Of any kind, if the file is damaged.
    """
    return as_stored(decode_channels(path, magic, page, check_size))


def decode_channels(
    path: Path, magic: bytes, page: int, check: Callable[[int, int, str], None]
) -> NDArray[Any]:
    """Decode one picture with all its channels; otherwise as `decode`.

    Parameters
    ----------
    path, magic, page
        See `decode`.
    check : callable
        Gets height, width and the file's name before any pixel is decoded, and raises
        where the picture is not wanted.

    Returns
    -------
    array of shape (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4)
        Upright. Two and four channels end with alpha. Palettes are resolved.
    """
    if magic in _TIFF:
        return read_tiff_frame(path, page, check)
    if page:
        raise FrameError(f"{path.name} has one page, there is no page {page + 1}.")
    if magic == _JPEG:
        return _read_jpeg(path, check)
    return _read_pillow(path, _PILLOW[magic], check)


def _read_pillow(
    path: Path,
    opener: Callable[..., Image.Image],
    check: Callable[[int, int, str], None],
) -> NDArray[Any]:
    with path.open("rb") as file, opener(file) as image:
        check(image.height, image.width, path.name)
        if image.format == "PNG" and _is_deep_colour(path):
            # Pillow would cut 16-bit colour and grey-with-alpha down to 8 bits.
            pixels = np.asarray(imagecodecs.png_decode(path.read_bytes()))
        elif image.mode in ("P", "PA"):  # as RGBA: a palette may hold transparency
            pixels = np.array(image.convert("RGBA"))
        elif image.mode in ("1", "CMYK", "YCbCr", "LAB", "RGBX"):
            pixels = np.array(image.convert("L" if image.mode == "1" else "RGB"))
        else:
            pixels = np.array(image)
        return upright(pixels, picture_orientation(image))


def _read_jpeg(path: Path, check: Callable[[int, int, str], None]) -> NDArray[Any]:
    data = path.read_bytes()
    try:
        head = read_head(data)
    except ValueError:  # Pillow may understand it, or says that it is damaged
        head = None
    if head is None or not head.is_deep:
        return _read_pillow(path, JpegImagePlugin.JpegImageFile, check)
    check(head.height, head.width, path.name)
    return upright(decode_deep_jpeg(data, head), head.orientation)


def _is_deep_colour(path: Path) -> bool:
    """Tell from a PNG's IHDR chunk: 16 bits a channel, and more than grey."""
    with path.open("rb") as file:
        head = file.read(26)
    return head[24] == 16 and head[25] in (2, 4, 6)


def as_stored(pixels: NDArray[Any]) -> NDArray[Any]:
    """Drop alpha, and store the numbers as uint8, uint16 or float32 without loss."""
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    kind = pixels.dtype.kind
    if kind == "b":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    elif kind == "f":
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            pixels = pixels.astype(np.float32)
    elif kind in "iu" and pixels.dtype not in (np.uint8, np.uint16):
        if pixels.size and pixels.min() >= 0 and pixels.max() <= 65535:
            pixels = pixels.astype(np.uint16)
    elif kind in "iu":
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    return np.ascontiguousarray(pixels)
