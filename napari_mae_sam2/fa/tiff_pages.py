"""Which pages of a TIFF are frames, told by their tags and without decoding a pixel.

A page is a frame whatever its size, depth, colour and compression. Thumbnails,
overviews and transparency masks are not; what is in a page is read by `tiff_pixels`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import tifffile

from napari_mae_sam2.fa.pixels import MIN_SIDE

if TYPE_CHECKING:
    from pathlib import Path

_NEW_SUBFILE, _OLD_SUBFILE, _JPEG_THUMBNAIL, _STRIPS = 254, 255, 513, 273
_SOFTWARE = 305
_REDUCED, _MASK, _DEPTH_MAP = 1, 4, 8  # bits of NewSubfileType
_OLD_REDUCED: Final = 2
_KEPT = 64  # files whose pages are remembered: a run is read page by page


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame lies in a TIFF.

    Attributes
    ----------
    page : int
        Which directory of the file's chain; -1 where the chain is broken.
    sub : int
        Which directory below that one; -1 where it is the page itself.
    plane : int
        Which picture of a page that describes many in one piece, as ImageJ writes
        large stacks; -1 otherwise.
    """

    page: int
    sub: int = -1
    plane: int = -1


def frame_places(path: Path) -> tuple[Place, ...]:
    """List where the frames of a TIFF lie, in their order; at least one.

    Where nothing can be a frame, the first page is given, so that reading it says why.
    Where the chain of pages is broken, a place that cannot be read stands at the end.

    Parameters
    ----------
    path : Path
        A TIFF; only its directories are read.

    Raises
    ------
    Exception
        Of any kind, if not even the first directory can be read.
    """
    stat = path.stat()
    return _places(path, stat.st_mtime_ns, stat.st_size)


def is_inverted_by_habit(path: Path) -> bool:
    """Tell whether tifffile wrote a picture of one bit with white as zero.

    That is its default for numpy's bool, whatever is meant: True is then shown black.
    """
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        writer = str(page.tags.valueof(_SOFTWARE, ""))
        return (
            page.bitspersample == 1
            and page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
            and writer.startswith("tifffile")
        )


@lru_cache(_KEPT)
def _places(path: Path, written: int, size: int) -> tuple[Place, ...]:
    """List places; time and size of the file are there to notice another one."""
    del written, size
    with tifffile.TiffFile(path) as tiff:
        count = len(tiff.pages)
        planes = _planes(tiff) if count == 1 else 1
        if planes > 1:
            return tuple(Place(0, plane=plane) for plane in range(planes))
        found: list[Place] = []
        for index in range(count):
            found += _of_page(tiff, index)
        broken = (Place(-1),) if _is_broken(tiff) else ()
    return (*found, *broken) or (Place(0),)


def _of_page(tiff: tifffile.TiffFile, index: int) -> list[Place]:
    try:
        page: Any = tiff.pages[index]
        if not _is_reduced(page):
            return [Place(index)] if _may_be_frame(page) else []
        if not page.subifds:
            return []
        # A thumbnail in front of what it shows, as raw cameras write it.
        below = enumerate(page.pages)
        return [
            Place(index, sub)
            for sub, one in below
            if not _is_reduced(one) and _may_be_frame(one)
        ]
    except Exception:  # a damaged directory: reading it will say so
        return [Place(index)]


def _is_reduced(page: Any) -> bool:
    """Tell thumbnails and overviews by their tags."""
    new, old = page.tags.valueof(_NEW_SUBFILE, 0), page.tags.valueof(_OLD_SUBFILE, 0)
    exif_thumbnail = _JPEG_THUMBNAIL in page.tags and _STRIPS not in page.tags
    return bool(int(new) & _REDUCED) or old == _OLD_REDUCED or exif_thumbnail


def _may_be_frame(page: Any) -> bool:
    kind = int(page.tags.valueof(_NEW_SUBFILE, 0))
    if kind & (_MASK | _DEPTH_MAP) or page.photometric == tifffile.PHOTOMETRIC.MASK:
        return False
    return bool(min(page.imagelength, page.imagewidth) >= MIN_SIDE)


def _planes(tiff: tifffile.TiffFile) -> int:
    """Count pictures that one directory describes; ImageJ writes large stacks so."""
    first = tiff.pages.first
    if not (first.is_imagej or first.is_shaped) or not first.is_contiguous:
        return 1
    series = tiff.series[0]
    return int(series.size // max(series.keyframe.size, 1))


def _is_broken(tiff: tifffile.TiffFile) -> bool:
    """Tell whether the last directory points to one that is not there."""
    where = tiff.pages.next_page_offset
    if not where:
        return False
    try:
        tiff.filehandle.seek(where)
        data = tiff.filehandle.read(tiff.tiff.offsetsize)
        return bool(struct.unpack(tiff.tiff.offsetformat, data)[0])
    except (OSError, struct.error):
        return True
