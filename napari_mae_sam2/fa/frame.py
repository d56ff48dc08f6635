"""One fluorescein angiography frame in memory: its pixels, its name and their hash.

Says nothing about files (`reading`) nor about what pixels must fulfil (`pixels`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.scale import PixelScale


class FrameError(PlainError):
    """A file or an array that cannot be a frame; says which one and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A frame as it was stored, only without its alpha channel.

    Attributes
    ----------
    pixels : uint8, uint16 or float32 array of shape (H, W) or (H, W, 3)
        The stored values; grey images that were stored as RGB stay RGB.
    name : str
        The stem of the file, as the grader knows the frame.
    path : Path or None
        Where it was read from; None for a frame that was drawn.
    sha256 : str
        `pixel_sha256` of the pixels: it names the picture whatever file it lies in.
    scale : PixelScale, optional
        How large a pixel is, where something trustworthy says so.
    camera : str
        Maker and model, where the file names them.
    """

    pixels: NDArray[Any]
    name: str
    path: Path | None
    sha256: str
    scale: PixelScale | None = None
    camera: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


def pixel_sha256(pixels: NDArray[Any]) -> str:
    """Hash the dtype, the shape and the values of an array.

    The bytes are hashed as little-endian and row by row, so the answer is the same
    on every machine, in every memory layout and for every lossless file format.

    Parameters
    ----------
    pixels : array
        Of any shape and number type.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    little = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{little.dtype.name} {little.shape}\n".encode())
    digest.update(little.data if little.size else b"")
    return digest.hexdigest()
