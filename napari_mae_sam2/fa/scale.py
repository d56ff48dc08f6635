"""How large a pixel is on the retina, where something trustworthy says so.

Lengths in µm are shown only together with where the scale comes from. The resolution
of plain TIFF, PNG and JPEG is about printing and says nothing of the retina.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tifffile

if TYPE_CHECKING:
    from pathlib import Path

PLAUSIBLE = (0.5, 100.0)
"""µm that a pixel of a retinal camera can be; others are a default or a mistake."""

_ALIKE = 0.01
"""Rows and columns may differ by this share; more is no scale but a distortion."""

_UNITS = {"µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1000.0, "nm": 0.001, "cm": 10000.0}


@dataclass(frozen=True, slots=True)
class PixelScale:
    """The size of a pixel.

    Attributes
    ----------
    um_per_px : float
        Side of a pixel on the retina in µm.
    source : str
        Where that comes from, to be named wherever a length in µm is shown.
    """

    um_per_px: float
    source: str

    def to_px(self, um: float) -> float:
        """Turn a length in µm into pixels."""
        return um / self.um_per_px


def grader_scale(um_per_px: float) -> PixelScale | None:
    """Make a scale of what a grader says; None where no retinal camera has such one."""
    if PLAUSIBLE[0] <= um_per_px <= PLAUSIBLE[1]:
        return PixelScale(um_per_px, "the grader")
    return None


def ome_scale(path: Path) -> PixelScale | None:
    """Read the size of a pixel from an OME-TIFF.

    Parameters
    ----------
    path : Path
        A TIFF file that can be read.

    Returns
    -------
    PixelScale or None
        None where the file has no OME metadata, where they give no size, a size that
        differs between rows and columns, or one that no retinal camera has.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            if not tiff.is_ome or not tiff.ome_metadata:
                return None
            described = tifffile.xml2dict(tiff.ome_metadata)
        images = described["OME"]["Image"]
        pixels = (images[0] if isinstance(images, list) else images)["Pixels"]
    except Exception:  # somebody else's XML: the frame is as good without a scale
        return None
    across, down = _micrometres(pixels, "X"), _micrometres(pixels, "Y")
    if across is None or down is None or abs(across - down) > _ALIKE * across:
        return None
    if not PLAUSIBLE[0] <= across <= PLAUSIBLE[1]:
        return None
    return PixelScale(math.sqrt(across * down), "the file's OME metadata")


def _micrometres(pixels: dict[str, Any], axis: str) -> float | None:
    size = pixels.get(f"PhysicalSize{axis}")
    unit = _UNITS.get(str(pixels.get(f"PhysicalSize{axis}Unit", "µm")))
    if unit is None or not isinstance(size, int | float) or size <= 0:
        return None
    return float(size) * unit
