"""From the bytes of an image file to the stored pixels, without loss.

The size is checked from the header, so a huge file costs no memory. Everything that
damaged bytes make a decoder raise passes through here; `reading` puts it into words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import tifffile
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.pixels import check_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# The format classes are used instead of Image.open: that one warns about, or refuses,
# large pictures by a limit of its own before ours can say it in plain words.
_PILLOW: dict[bytes, Callable[..., Image.Image]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
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
    """Count the pictures of one size in a file; reduced copies do not count."""
    if magic not in _TIFF:
        return 1
    with tifffile.TiffFile(path) as tiff:
        return _page_count(tiff.series[0])


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
        Native byte order, C-contiguous; see `read_frame` for what is kept.

    Raises
    ------
    FrameError
        If it is too small or too large, a volume, or has no such page.
    Exception
        Of any kind, if the file is damaged.
    """
    return _as_stored(decode_channels(path, magic, page, check_size))


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
        Two and four channels end with alpha. Palettes are resolved.
    """
    if magic in _TIFF:
        return _read_tiff(path, page, check)
    if page:
        raise FrameError(f"{path.name} has one page, there is no page {page + 1}.")
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
            return np.asarray(imagecodecs.png_decode(path.read_bytes()))
        if image.mode in ("P", "PA"):  # through RGBA: a palette may hold transparency
            return np.array(image.convert("RGBA"))
        if image.mode in ("1", "CMYK", "YCbCr", "LAB", "RGBX"):
            return np.array(image.convert("L" if image.mode == "1" else "RGB"))
        return np.array(image)


def _is_deep_colour(path: Path) -> bool:
    """Tell from a PNG's IHDR chunk: 16 bits a channel, and more than grey."""
    with path.open("rb") as file:
        head = file.read(26)
    return head[24] == 16 and head[25] in (2, 4, 6)


def _read_tiff(
    path: Path, index: int, check: Callable[[int, int, str], None]
) -> NDArray[Any]:
    name = path.name
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        first, count = series.keyframe, _page_count(series)
        if index >= count:
            raise FrameError(f"{name} has {count} pages, there is no page {index + 1}.")
        if first.imagedepth != 1:
            raise FrameError(
                f"{name} is a volume and not a frame: export single frames."
            )
        check(first.imagelength, first.imagewidth, name)
        if index >= len(series.pages):  # described once, then pixels in one piece
            stack = tifffile.memmap(path, series=0, mode="r")
            return np.array(stack.reshape(-1, *first.shape)[index])
        page = series.pages[index]
        if page is None:
            raise ValueError("a page is missing")
        # A decoder may fill what is missing with black: ask the file itself first.
        size = tiff.filehandle.size
        if any(
            start + count > size
            for start, count in zip(page.dataoffsets, page.databytecounts, strict=True)
        ):
            raise ValueError("segments lie beyond the end of the file")
        pixels = np.asarray(page.asarray())
        if first.axes.startswith("S") and pixels.ndim == 3:  # planes one after another
            pixels = np.moveaxis(pixels, 0, -1)
        if first.photometric == tifffile.PHOTOMETRIC.PALETTE:
            colours = np.moveaxis(np.asarray(first.colormap), 0, -1)
            return np.asarray(colours[pixels] >> 8, dtype=np.uint8)
        if first.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            return _white_is_zero(pixels)
        return pixels


def _page_count(series: tifffile.TiffPageSeries) -> int:
    """Count pictures; ImageJ describes only the first page of a large stack."""
    return max(len(series.pages), series.size // series.keyframe.size)


def _white_is_zero(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.dtype.kind == "u":
        return np.asarray(np.iinfo(pixels.dtype).max - pixels)
    return ~pixels if pixels.dtype.kind == "b" else pixels


def _as_stored(pixels: NDArray[Any]) -> NDArray[Any]:
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
