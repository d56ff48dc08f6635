"""Frames from files: PNG, JPEG, BMP, TIFF and OME-TIFF, known by their content.

Whatever is wrong with a file becomes one sentence in a `FrameError`. The size is
checked from the header, so a huge file costs no memory. A JPEG's EXIF rotation is not
applied: coordinates are those of the stored pixels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import tifffile
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from napari_mae_sam2.fa.frame import Frame, FrameError, pixel_sha256
from napari_mae_sam2.fa.pixels import check_pixels, check_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

FRAME_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
"""Endings under which frames are looked for in a folder, in lower case."""

LABEL_ENDING = ".leakage"
"""Stems that end so are our own exported labels, and no frames."""

# The format classes are used instead of Image.open: that one warns about, or refuses,
# large pictures by a limit of its own before ours can say it in plain words.
_PILLOW: dict[bytes, Callable[..., Image.Image]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_frame(path: Path, page: int = 0) -> Frame:
    """Read one frame.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, BMP, TIFF or OME-TIFF file, whatever its ending.
    page : int
        Which picture of a TIFF that holds several of one size (an angiography run);
        0 is the first, and the only one in the other formats.

    Returns
    -------
    Frame
        Pixels as stored, alpha dropped, palettes resolved, "white is zero" turned
        round, float64 and float16 as float32; other whole numbers as uint16 where
        they fit. From the second page on the name ends in " page N".

    Raises
    ------
    FrameError
        If the file cannot be opened or decoded or is no frame; see `check_pixels`.
    """
    kind = _kind(path)
    name = path.name
    try:
        if kind in _TIFF:
            pixels = _read_tiff(path, page)
        else:
            if page:
                raise FrameError(f"{name} has one page, there is no page {page + 1}.")
            pixels = _read_pillow(path, _PILLOW[kind])
    except FrameError:
        raise
    except MemoryError:
        raise FrameError(
            f"{name} does not fit into memory: close other programs and open it again."
        ) from None
    except Exception as error:  # decoders of foreign bytes raise almost anything
        raise FrameError(
            f"{name} is damaged or cut short and cannot be read: copy it again from "
            "where it came."
        ) from error
    pixels = _as_stored(pixels)
    check_pixels(pixels, name)
    return Frame(
        pixels=pixels,
        name=frame_name(path) + (f" page {page + 1}" if page else ""),
        path=path,
        sha256=pixel_sha256(pixels),
    )


def count_pages(path: Path) -> int:
    """Count the pictures in a file without decoding them.

    Parameters
    ----------
    path : Path
        As for `read_frame`.

    Returns
    -------
    int
        More than 1 only for a TIFF with several pictures of one size; reduced copies
        and thumbnails inside a file do not count.

    Raises
    ------
    FrameError
        If the file cannot be opened or is no image.
    """
    if _kind(path) not in _TIFF:
        return 1
    try:
        with tifffile.TiffFile(path) as tiff:
            return _page_count(tiff.series[0])
    except Exception as error:
        raise FrameError(
            f"{path.name} is damaged or cut short and cannot be read: copy it again "
            "from where it came."
        ) from error


def list_frames(folder: Path) -> list[Path]:
    """List the frames of a folder in the order in which people count.

    Parameters
    ----------
    folder : Path
        Looked at itself, without the folders in it.

    Returns
    -------
    list of Path
        Files whose ending is one of `FRAME_SUFFIXES`, "2.png" before "10.png"; hidden
        files and our own exported labels are left out.

    Raises
    ------
    FrameError
        If the folder cannot be read or holds no such file.
    """
    try:
        found = [path for path in folder.iterdir() if is_frame_name(path)]
        found = [path for path in found if path.is_file()]
    except OSError as error:
        raise FrameError(
            f"The folder {folder} cannot be read ({_reason(error)})."
        ) from error
    if not found:
        raise FrameError(
            f"The folder {folder} holds no PNG, JPEG, BMP or TIFF image: choose the "
            "folder in which the frames themselves lie."
        )
    return sorted(found, key=lambda path: natural_key(path.name))


def is_frame_name(path: Path) -> bool:
    """Tell by its name alone whether a file may be a frame."""
    return (
        path.suffix.lower() in FRAME_SUFFIXES
        and not path.name.startswith(".")
        and not path.stem.lower().endswith(LABEL_ENDING)
    )


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which "frame 2" comes before "frame 10"."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return (
        *((0, int(p), "") if i % 2 else (1, 0, p) for i, p in enumerate(parts)),
        (2, 0, name),
    )


def frame_name(path: Path) -> str:
    """Give the stem of a frame's file, without the ".ome" of OME-TIFF."""
    stem = path.stem
    return stem[:-4] if stem.lower().endswith(".ome") and len(stem) > 4 else stem


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _kind(path: Path) -> bytes:
    """Find the magic bytes by which the file is known."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise FrameError(f"{path} cannot be opened ({_reason(error)}).") from error
    for magic in (*_PILLOW, *_TIFF):
        if head.startswith(magic):
            return magic
    what = "empty" if not head else "not a PNG, JPEG, BMP or TIFF image"
    raise FrameError(f"{path.name} is {what}: choose an image file.")


def _read_pillow(path: Path, opener: Callable[..., Image.Image]) -> NDArray[Any]:
    with path.open("rb") as file, opener(file) as image:
        check_size(image.height, image.width, path.name)
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


def _read_tiff(path: Path, index: int) -> NDArray[Any]:
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
        check_size(first.imagelength, first.imagewidth, name)
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
