"""Round lengths for the grid and the scale bar, in pixels or on the retina."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.fa.scale import PixelScale


@dataclass(frozen=True, slots=True)
class Length:
    """A round length.

    Attributes
    ----------
    pixels : float
        Of the frame.
    text : str
        As a grader reads it.
    """

    pixels: float
    text: str


def round_length(most: float, scale: PixelScale | None) -> Length:
    """Give the longest round length that is no longer than so many pixels.

    Parameters
    ----------
    most : float
        In pixels of the frame, more than 0.
    scale : Scale, optional
        Micrometres and millimetres are given only where it is known.

    Returns
    -------
    Length
        1, 2 or 5 times a power of ten.
    """
    unit = 1.0 if scale is None else scale.um_per_px
    value = _round_down(most * unit)
    if scale is None:
        return Length(value, f"{value:g} px")
    text = f"{value / 1000:g} mm" if value >= 1000 else f"{value:g} µm"
    return Length(value / unit, text)


def _round_down(value: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(value))
    # A hair's breadth of tolerance: 0.1 has no exact form.
    digit = next(d for d in (5, 2, 1) if d * power <= value * (1 + 1e-9))
    return digit * power
