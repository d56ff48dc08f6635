"""Frames from files: PNG, JPEG, BMP, TIFF and OME-TIFF, known by their content.

Whatever is wrong with a file becomes one sentence in a `FrameError`. Frames are turned
upright as their orientation tag says (`orientation`): coordinates are those of the
picture as it is seen. docs/reading.md says what is read, and how.
"""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from unicodedata import category, normalize

from napari_mae_sam2.fa.camera import read_camera
from napari_mae_sam2.fa.decoding import count_pictures, decode, find_magic, is_tiff
from napari_mae_sam2.fa.earlier_pixels import decode_earlier
from napari_mae_sam2.fa.frame import Frame, FrameError, pixel_sha256
from napari_mae_sam2.fa.pixels import check_pixels
from napari_mae_sam2.fa.scale import ome_scale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

FRAME_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi"),
    *(".bmp", ".dib", ".tif", ".tiff", ".btf", ".tf8"),
)
"""Endings under which frames are looked for in a folder, in lower case."""

LABEL_ENDING = ".leakage"
"""Stems that end so are our own exported labels, and no frames."""


def read_frame(path: Path, page: int = 0, sha256: str = "") -> Frame:
    """Read one frame.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, BMP, TIFF or OME-TIFF file, whatever its ending.
    page : int
        Which frame of a TIFF that holds several (an angiography run); 0 is the first,
        and the only one in the other formats. Thumbnails do not count.
    sha256 : str
        Hash of the pixels that are meant, where it is known. A frame that was graded
        before this program looked at orientation and colour tags is then given as it
        was graded; the caller compares hashes all the same.

    Returns
    -------
    Frame
        Upright pixels as stored, alpha dropped, palettes resolved, "white is zero"
        turned round, CMYK, YCbCr and Lab as RGB, depths below 8 bits stretched to 8,
        float64 and float16 as float32; other whole numbers as uint16 where they fit.
        From the second page on the name ends in " page N".

    Raises
    ------
    FrameError
        If the file cannot be opened or decoded or is no frame; see `check_pixels`.
    """
    magic = _magic(path)
    frame = _frame(path, page, magic, partial(decode, path, magic, page))
    if sha256 in ("", frame.sha256):
        return frame
    earlier = read_earlier(path, page)
    return earlier if earlier is not None and earlier.sha256 == sha256 else frame


def read_earlier(path: Path, page: int = 0) -> Frame | None:
    """Read a frame as versions did that did not look at orientation and colour tags.

    Parameters
    ----------
    path, page
        See `read_frame`.

    Returns
    -------
    Frame or None
        None where it is read today as it was then, or could not be read.
    """
    try:
        magic = _magic(path)
        pixels = decode_earlier(path, magic, page)
        return None if pixels is None else _frame(path, page, magic, lambda: pixels)
    except Exception:  # it was refused then, too
        return None


def _frame(
    path: Path, page: int, magic: bytes, read: Callable[[], NDArray[Any]]
) -> Frame:
    name = readable(path.name)
    try:
        pixels = read()
        scale = ome_scale(path) if is_tiff(magic) else None
    except FrameError:
        raise
    except MemoryError:
        raise FrameError(
            f"{name} does not fit into memory: close other programs and open it again."
        ) from None
    except Exception as error:  # decoders of foreign bytes raise almost anything
        raise _damaged(path) from error
    check_pixels(pixels, name)
    return Frame(
        pixels=pixels,
        name=frame_name(path) + (f" page {page + 1}" if page else ""),
        path=path,
        sha256=pixel_sha256(pixels),
        scale=scale,
        camera=read_camera(path),
    )


def count_pages(path: Path) -> int:
    """Count the frames in a file without decoding them.

    Parameters
    ----------
    path : Path
        As for `read_frame`.

    Returns
    -------
    int
        More than 1 only for a TIFF with several pages, of any size, depth and colour;
        thumbnails, overviews and masks do not count.

    Raises
    ------
    FrameError
        If the file cannot be opened or is no image.
    """
    magic = _magic(path)
    try:
        return count_pictures(path, magic)
    except Exception as error:
        raise _damaged(path) from error


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


def readable(name: str) -> str:
    """Make a file's name one line of text that can be shown, stored and sent.

    Linux lets names hold line breaks, and bytes that are no UTF-8, which Python hands
    on as lone surrogates; no file and no program outside takes these.
    """
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(" " if category(one) == "Cc" else one for one in text)


def comparable(name: str) -> str:
    """Give the one spelling in which names are compared.

    Drives of a Mac write é as e and an accent, people and other drives as one letter.
    """
    return normalize("NFC", readable(name))


def frame_name(path: Path) -> str:
    """Give the stem of a frame's file as text, without the ".ome" of OME-TIFF."""
    stem = readable(path.stem)
    return stem[:-4] if stem.lower().endswith(".ome") and len(stem) > 4 else stem


def _damaged(path: Path) -> FrameError:
    return FrameError(
        f"{readable(path.name)} is damaged or cut short and cannot be read: copy it "
        "again from where it came."
    )


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise FrameError(f"{path} cannot be opened ({_reason(error)}).") from error
    magic = find_magic(head)
    if magic is None:
        what = "empty" if not head else "not a PNG, JPEG, BMP or TIFF image"
        raise FrameError(f"{readable(path.name)} is {what}: choose an image file.")
    return magic
