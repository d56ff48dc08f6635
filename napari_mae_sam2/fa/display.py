"""Other ways to look at a frame; none of them ever reaches the model or an export.

Everything here returns an array of its own, or the frame's own where there is
nothing to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage import exposure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame

_SAMPLE = 1_000_000  # pixels are enough to find black and white
_CLIP = 0.012  # of the pixels of a tile in one grey level: more makes noise of dark
_TILES = 8


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to the pixels before they are shown.

    Attributes
    ----------
    green : bool
        The green channel of a colour frame alone, where the dye is seen best.
    local_contrast : bool
        Contrast-limited adaptive histogram equalization (Zuiderveld 1994): faint
        leakage in a dark periphery stands out. Grey levels mean nothing any more.
    negative : bool
        Dark and bright change places in each colour.
    """

    green: bool = False
    local_contrast: bool = False
    negative: bool = False


PLAIN = Treatment()


def is_colour(pixels: NDArray[Any]) -> bool:
    """Tell whether a frame has colours; grey that was stored as RGB has none.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        Of any number type.
    """
    if pixels.ndim == 2:
        return False
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return not (np.array_equal(red, green) and np.array_equal(green, blue))


def shown_pixels(frame: Frame) -> NDArray[Any]:
    """Give the pixels of a frame as they are shown when nothing is done to them.

    Returns
    -------
    array of shape (H, W) or (H, W, 3)
        Grey as stored, also where it was stored as RGB; 8-bit colour as stored, other
        colour as float32 from 0 to 1.
    """
    pixels = frame.pixels
    if pixels.ndim == 3 and not is_colour(pixels):
        return pixels[..., 0]
    if pixels.ndim == 3 and pixels.dtype != np.uint8:
        return pixels / np.float32(max(pixels.max(), 1e-6))
    return pixels


def treated(frame: Frame, treatment: Treatment) -> NDArray[Any]:
    """Give the pixels of a frame as they are shown under a treatment.

    Takes about 0.1 s for a megapixel with local contrast: not for the window's thread.

    Parameters
    ----------
    frame : Frame
        Its pixels are left alone.
    treatment : Treatment
        What is done to them.

    Returns
    -------
    array of shape (H, W) or (H, W, 3)
        Of the number type of `shown_pixels`, and within the same black and white, so
        that contrast that was set stays right.
    """
    pixels = shown_pixels(frame)
    if treatment.green and pixels.ndim == 3:
        pixels = pixels[..., 1]
    low, high = usual_limits(pixels)
    if treatment.local_contrast:
        pixels = _evened(pixels, low, high)
    if treatment.negative:
        pixels = (low + high - pixels).astype(pixels.dtype)
    return pixels


def usual_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    """Give black and white for pixels; 8 bits as they were photographed.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        As `shown_pixels` gives them.

    Returns
    -------
    tuple of float
        0 and 255; 0 and 1 of colour that is not 8-bit; else the 0.1 and 99.9
        percentiles of a sample.
    """
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if pixels.ndim == 3:
        return 0.0, 1.0
    return stretched_limits(pixels)


def stretched_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    """Give the 0.1 and 99.9 percentiles of a sample as black and white."""
    height, width = pixels.shape[:2]
    step = max(1, int(np.sqrt(height * width / _SAMPLE)))
    low, high = (float(v) for v in np.percentile(pixels[::step, ::step], (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1)


def _evened(pixels: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    span = np.float32(high - low)
    unit = np.clip((pixels.astype(np.float32) - np.float32(low)) / span, 0, 1)
    tile = tuple(max(8, side // _TILES) for side in pixels.shape[:2])
    if unit.ndim == 3:
        # On the brightness alone: colours stay what they are.
        grey = unit.mean(axis=2)
        even = exposure.equalize_adapthist(grey, tile, _CLIP).astype(np.float32)
        unit = np.clip(unit * (even / np.maximum(grey, 1e-3))[..., None], 0, 1)
    else:
        unit = exposure.equalize_adapthist(unit, tile, _CLIP).astype(np.float32)
    shown = unit * span + np.float32(low)
    whole = pixels.dtype.kind == "u"
    return np.asarray(np.rint(shown).astype(pixels.dtype) if whole else shown)
