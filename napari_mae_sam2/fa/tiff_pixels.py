"""The picture in one page of a TIFF, read as its photometric tag says.

Grey and RGB keep their stored values; other colours are converted (`colour_spaces`) or
refused by their name. Depths below 8 bits are stretched to 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile
from tifffile import PHOTOMETRIC

from napari_mae_sam2.fa.colour_spaces import from_cmyk, from_lab, from_ycbcr
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.orientation import TAG, upright, valid_orientation
from napari_mae_sam2.fa.tiff_pages import Place, frame_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_INK_SET, _COEFFICIENTS, _BLACK_WHITE = 332, 529, 532
_CMYK: Final = 1  # the value of InkSet for it, also where the tag is missing
_DECODE_TO_RGB: Final = (6, 7, 34892)  # JPEG: its decoder turns YCbCr into RGB
_COLOURS: Final[dict[int, int]] = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.PALETTE: 1,
    PHOTOMETRIC.SEPARATED: 4,
    PHOTOMETRIC.YCBCR: 3,
    PHOTOMETRIC.CIELAB: 3,
    PHOTOMETRIC.ICCLAB: 3,
}
"""How many channels are colour; more are transparency or something else."""

_NAMES: Final[dict[int, str]] = {
    PHOTOMETRIC.SEPARATED: "CMYK",
    PHOTOMETRIC.YCBCR: "YCbCr",
    PHOTOMETRIC.CIELAB: "CIELab",
    PHOTOMETRIC.ICCLAB: "ICCLab",
    PHOTOMETRIC.ITULAB: "ITULab",
    PHOTOMETRIC.CFA: "raw camera (CFA)",
    PHOTOMETRIC.LINEAR_RAW: "raw camera (LinearRaw)",
    PHOTOMETRIC.LOGL: "LogL",
    PHOTOMETRIC.LOGLUV: "LogLuv",
}


def read_tiff_frame(
    path: Path, index: int, check: Callable[[int, int, str], None]
) -> NDArray[Any]:
    """Read one frame of a TIFF, upright, with alpha as its last channel.

    Parameters
    ----------
    path : Path
        A TIFF.
    index : int
        Which of its frames, from 0; see `tiff_pages`.
    check : callable
        Gets height and width as stored and the file's name before any pixel is
        decoded, and raises where the picture is not wanted.

    Returns
    -------
    array of shape (H, W), (H, W, 2), (H, W, 3) or (H, W, 4)

    Raises
    ------
    FrameError
        If there is no such frame, or its colours or depth are not read here.
    Exception
        Of any kind, if the file is damaged.
    """
    name = path.name
    places = frame_places(path)
    if index >= len(places):
        has = f"{len(places)} pages" if len(places) > 1 else "one page"
        raise FrameError(f"{name} has {has}, there is no page {index + 1}.")
    place = places[index]
    if place.page < 0:
        raise ValueError("the chain of pages is broken")
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[place.page]
        if place.sub >= 0:
            page = page.pages[place.sub]
        if page.imagedepth != 1:
            raise FrameError(
                f"{name} is a volume and not a frame: export single frames."
            )
        check(page.imagelength, page.imagewidth, name)
        if page.dtype is None:
            raise _not_read(name, f"has {_depth(page)} bits a pixel")
        pixels = _decoded(path, tiff, page, place)
        pixels = _as_grey_or_rgb(pixels, page, name)
        return upright(pixels, valid_orientation(page.tags.valueof(TAG)))


def _decoded(
    path: Path, tiff: tifffile.TiffFile, page: Any, place: Place
) -> NDArray[Any]:
    """Decode the stored numbers; channels come last."""
    if place.plane >= 0:  # described once, then pixels in one piece
        stack = tifffile.memmap(path, series=0, mode="r")
        pixels: NDArray[Any] = np.array(stack.reshape(-1, *page.shape)[place.plane])
    else:
        _check_segments(tiff, page)
        if page.is_subsampled and page.compression not in _DECODE_TO_RGB:
            raise _not_read(path.name, "stores YCbCr colours with fewer pixels")
        pixels = np.asarray(page.asarray())
    if page.axes.startswith("S") and pixels.ndim == 3:  # planes one after another
        pixels = np.moveaxis(pixels, 0, -1)
    return pixels


def _check_segments(tiff: tifffile.TiffFile, page: Any) -> None:
    """Ask the file whether all is there: a decoder may fill what is missing in."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    size = tiff.filehandle.size
    if any(start + count > size or not count for start, count in segments):
        raise ValueError("segments lie beyond the end of the file, or are empty")
    if len(segments) < int(np.prod(page.chunked)) and not page.is_contiguous:
        raise ValueError("segments are missing")


def _as_grey_or_rgb(pixels: NDArray[Any], page: Any, name: str) -> NDArray[Any]:
    kind = _kind(page)
    if kind not in _COLOURS:
        raise _not_read(name, f"is in {_NAMES.get(kind, f'colours of kind {kind}')}")
    colour, alpha = _without_extras(pixels, page, kind, name)
    if kind == PHOTOMETRIC.PALETTE:
        colour = _through_palette(colour, page.colormap)
    elif kind in (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.RGB):
        colour = _stretched(colour, page)
        if kind == PHOTOMETRIC.MINISWHITE:
            colour = _white_is_zero(colour, page)
    elif colour.dtype not in (np.uint8, np.uint16) or _depth(page) not in (8, 16):
        raise _not_read(name, f"is in {_NAMES[kind]} with {_depth(page)} bits a pixel")
    elif kind == PHOTOMETRIC.SEPARATED:
        if page.tags.valueof(_INK_SET, _CMYK) != _CMYK:
            raise _not_read(name, "is in inks other than CMYK")
        colour = from_cmyk(colour)
    elif kind == PHOTOMETRIC.YCBCR:
        colour = _from_ycbcr(colour, page, name)
    else:
        colour = from_lab(colour, signed=kind == PHOTOMETRIC.CIELAB)
    if alpha is None:
        return colour
    if alpha.dtype != colour.dtype:  # of a palette
        alpha = (alpha > 0) * np.iinfo(colour.dtype).max
    return np.dstack([colour, alpha]).astype(colour.dtype)


def _kind(page: Any) -> int:
    """Give the photometric tag; where it is missing, guess as libtiff does."""
    if 262 in page.tags or page.compression in _DECODE_TO_RGB:
        return int(page.photometric)
    few = page.samplesperpixel < 3
    return PHOTOMETRIC.MINISBLACK if few else PHOTOMETRIC.RGB


def _without_extras(
    pixels: NDArray[Any], page: Any, kind: int, name: str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Part colours from transparency and from whatever else a pixel carries."""
    colours = _COLOURS[kind]
    if pixels.ndim == 2:
        return pixels, None
    count = pixels.shape[2]
    if count < colours:
        raise _not_read(name, f"has {count} channels and needs {colours}")
    extras = tuple(page.extrasamples)[: count - colours]
    alphas = [n for n, said in enumerate(extras) if said in (1, 2)]
    if colours == 1 and count > 2 and not alphas:
        if not (pixels == pixels[..., :1]).all():
            raise _not_read(name, f"has {count} channels that are no colours")
        return pixels[..., :3] if count > 2 else pixels[..., 0], None
    colour = pixels[..., :colours] if colours > 1 else pixels[..., 0]
    if count == colours:
        return colour, None
    return colour, pixels[..., colours + (alphas[0] if alphas else 0)]


def _through_palette(indices: NDArray[Any], table: Any) -> NDArray[np.uint8]:
    colours = np.moveaxis(np.asarray(table), 0, -1)
    if colours.max(initial=0) > 255:  # some programs write 8 bits in place of 16
        colours = colours >> 8
    return np.asarray(colours[indices.astype(np.intp)], np.uint8)


def _stretched(pixels: NDArray[Any], page: Any) -> NDArray[Any]:
    """Stretch whole numbers of 2 to 7 bits to 8, as Pillow and libtiff do."""
    bits = _depth(page)
    if pixels.dtype != np.uint8 or not isinstance(bits, int) or not 1 < bits < 8:
        return pixels
    top = 2**bits - 1
    return np.asarray((pixels.astype(np.uint16) * 255 + top // 2) // top, np.uint8)


def _white_is_zero(pixels: NDArray[Any], page: Any) -> NDArray[Any]:
    kind = pixels.dtype.kind
    if kind == "b":
        return ~pixels
    if kind == "f":
        top = 1.0 if pixels.min() >= 0 and pixels.max() <= 1 else pixels.max()
        return np.asarray(top - pixels, pixels.dtype)
    bits = _depth(page)
    whole = np.iinfo(pixels.dtype).max
    if kind == "u" and isinstance(bits, int) and 8 < bits < 16:
        whole = 2**bits - 1
    return np.asarray(whole - pixels, pixels.dtype)


def _from_ycbcr(pixels: NDArray[Any], page: Any, name: str) -> NDArray[Any]:
    if page.compression in _DECODE_TO_RGB and page.planarconfig == 1:
        return pixels  # it is RGB by now
    if page.compression in tifffile.TIFF.IMAGE_COMPRESSIONS - {*_DECODE_TO_RGB}:
        raise _not_read(name, "is in YCbCr within a compression that hides its kind")
    return from_ycbcr(
        pixels,
        _numbers(page.tags.valueof(_COEFFICIENTS), 3),
        _numbers(page.tags.valueof(_BLACK_WHITE), 6),
    )


def _numbers(stored: Any, count: int) -> tuple[float, ...] | None:
    """Give the values of a tag of rationals, which come as pairs."""
    if not isinstance(stored, tuple):
        return None
    if len(stored) == count:
        return tuple(float(one) for one in stored)
    if len(stored) != 2 * count or not all(stored[1::2]):
        return None
    return tuple(a / b for a, b in zip(stored[::2], stored[1::2], strict=True))


def _depth(page: Any) -> int | tuple[int, ...]:
    bits: int | tuple[int, ...] = page.bitspersample
    return bits


def _not_read(name: str, why: str) -> FrameError:
    return FrameError(
        f"{name} {why}, which is not read here: export it as grey or RGB."
    )
