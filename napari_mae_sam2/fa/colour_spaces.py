"""CMYK, YCbCr and CIELab to RGB, for 8 and 16 bits a channel.

Without colour profiles: what an uncalibrated viewer shows. Neutral greys, of which
angiograms consist, come out neutral in each of the three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LUMA: Final = (0.299, 0.587, 0.114)  # Rec. 601, the default of TIFF 6.0
_PLAIN: Final = (0, 255, 128, 255, 128, 255)  # also written for 16 bits
_ROWS: Final = 256  # at once: the float copies of an ultra-widefield frame are large

# XYZ of D50 to linear sRGB, adapted to D65 by Bradford's method (Lindbloom 2003).
_TO_SRGB: Final = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_D50: Final = np.array([0.96422, 1.0, 0.82521])


def from_cmyk(pixels: NDArray[Any]) -> NDArray[Any]:
    """Convert inks to light: R = (1 - C)(1 - K), and so on.

    Parameters
    ----------
    pixels : uint8 or uint16 array of shape (H, W, 4)
        0 is no ink, as in TIFF.

    Returns
    -------
    array of shape (H, W, 3)
        Of the same type.
    """
    top = np.iinfo(pixels.dtype).max

    def convert(rows: NDArray[Any]) -> NDArray[Any]:
        light = top - rows.astype(np.uint32)
        return np.asarray((light[..., :3] * light[..., 3:] + top // 2) // top)

    return _by_rows(convert, pixels)


def from_ycbcr(
    pixels: NDArray[Any],
    luma: tuple[float, ...] | None = None,
    black_white: tuple[float, ...] | None = None,
) -> NDArray[Any]:
    """Convert brightness and two colour differences (TIFF 6.0, section 21).

    Parameters
    ----------
    pixels : uint8 or uint16 array of shape (H, W, 3)
    luma : tuple of float, optional
        Shares of red, green and blue in the brightness.
    black_white : tuple of float, optional
        Black and white of each channel (ReferenceBlackWhite); where they are of 8 bits
        and the pixels of 16, they are scaled.

    Returns
    -------
    array of shape (H, W, 3)
        Of the same type.
    """
    top = int(np.iinfo(pixels.dtype).max)
    middle = (top + 1) // 2
    red, green, blue = luma or _LUMA
    low = np.array([0, middle, middle], float)
    high = np.array([top, top, top], float)
    if black_white not in (None, _PLAIN) and all(np.diff(black_white)[::2]):
        unit = 256 if top > 255 and max(black_white) <= 255 else 1
        low, high = np.reshape(black_white, (3, 2)).T * unit
    scale = np.array([top, top - middle, top - middle]) / (high - low)

    def convert(rows: NDArray[Any]) -> NDArray[Any]:
        y, cb, cr = np.moveaxis((rows - low) * scale, -1, 0)
        r, b = y + cr * (2 - 2 * red), y + cb * (2 - 2 * blue)
        return np.stack([r, (y - red * r - blue * b) / green, b], axis=-1)

    return _by_rows(convert, pixels)


def from_lab(pixels: NDArray[Any], signed: bool) -> NDArray[Any]:
    """Convert CIE 1976 L*a*b* of D50 to sRGB.

    Parameters
    ----------
    pixels : uint8 or uint16 array of shape (H, W, 3)
    signed : bool
        True for CIELab of TIFF 6.0, whose a* and b* are signed; False for ICCLab,
        where they are shifted by half the range.

    Returns
    -------
    array of shape (H, W, 3)
        Of the same type.
    """
    top = np.iinfo(pixels.dtype).max
    deep = pixels.dtype.itemsize > 1
    whole = 65280 if deep and not signed else top  # of L*
    unit, shift = (256 if deep else 1), (32768 if deep else 128)
    kind = np.int16 if deep else np.int8

    def convert(rows: NDArray[Any]) -> NDArray[Any]:
        lightness = rows[..., 0] * (100 / whole)
        differences = rows[..., 1:].astype(np.float64) - shift
        if signed:
            differences = rows[..., 1:].astype(rows.dtype).view(kind).astype(float)
        a, b = np.moveaxis(differences / unit, -1, 0)
        y = (lightness + 16) / 116
        f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
        xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * _D50
        linear = np.clip(xyz @ _TO_SRGB.T, 0, 1)
        low = linear <= 0.0031308
        curve = np.where(low, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        return np.asarray(top * curve)

    return _by_rows(convert, pixels)


def _by_rows(convert: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    """Convert a few rows at a time and round to the type of the pixels."""
    top = np.iinfo(pixels.dtype).max
    result = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for start in range(0, len(pixels), _ROWS):
        rows = slice(start, start + _ROWS)
        result[rows] = np.clip(np.rint(convert(pixels[rows])), 0, top)
    return result
