"""Files that somebody will try to open, and a word of what must be said about each."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import tifffile
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _not_an_image(path: Path) -> None:
    path.write_bytes(b"these are not the pixels of anything")


def _truncated(path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (256, 256), np.uint8)
    tifffile.imwrite(path, pixels)
    path.write_bytes(path.read_bytes()[:20_000])


def _one_pixel(path: Path) -> None:
    Image.fromarray(np.full((1, 1), 90, np.uint8)).save(path)


def _all_black(path: Path) -> None:
    Image.fromarray(np.zeros((128, 128), np.uint8)).save(path)


def _not_a_number(path: Path) -> None:
    pixels = np.full((128, 128), 0.5, np.float32)
    pixels[3, 4] = np.nan
    tifffile.imwrite(path, pixels)


def _enormous(path: Path) -> None:
    # Says that it is 12000 x 12000 and holds next to nothing: the header must do.
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 12000, 12000, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


BAD: dict[str, tuple[str, Callable[[Path], None]]] = {
    "not an image": ("bad.png", _not_an_image),
    "truncated": ("bad.tif", _truncated),
    "one pixel": ("bad.png", _one_pixel),
    "all black": ("bad.png", _all_black),
    "not a number": ("bad.tif", _not_a_number),
    "enormous": ("bad.png", _enormous),
}


def write_bad(kind: str, folder: Path, name: str | None = None) -> Path:
    """Write a bad frame of a kind of `BAD` and return its path."""
    usual, write = BAD[kind]
    path = folder / usual
    if name is not None:
        path = path.with_stem(name)
    write(path)
    return path
