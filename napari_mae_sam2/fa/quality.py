"""Whether a frame can be graded: dye in the vessels, sharp, neither dark nor burnt.

Five numbers from the pixels alone and what is said of them. They order frames for a
look; they never keep a frame from being opened or predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.pixels import as_grey8

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_FA: Final = "not_fa"
BLURRED: Final = "blurred"
TOO_DARK: Final = "too_dark"
OVEREXPOSED: Final = "overexposed"

WORDS: Final = {
    NOT_FA: "not FA, or no dye yet",
    BLURRED: "blurred",
    TOO_DARK: "field too dark",
    OVEREXPOSED: "overexposed",
}
"""What each flag says to people, the gravest first."""

_SIDE: Final = 512  # vessels are a few pixels wide at this side, whatever the camera
_RIM: Final = 0.03  # of that side: the edge of the field is no vessel
_VESSEL_WIDTHS: Final = (2.0, 3.5)  # sigma, pixels: capillaries to veins of 30 to 55°
_PLAINEST: Final = 98  # percentile of ridges: about what vessels cover of a field
_DYE_AT: Final = 0.0  # bright and dark ridges are equally strong: no dye to be seen
_SHARP_AT: Final = 2.5  # a sharp frame falls below this with a Gaussian blur of 2.5 px
_BRIGHT_AT: Final = 45.0  # of 255: the brightest of the field is darker than this
_BURNT: Final = 250
_BURNT_SHARE: Final = 0.05
_WIDER: Final = 15  # pixels of that side: what is narrower is a vessel
_BRIGHT_Z: Final = 3.0  # robust standard deviations above the middle of the field
_BRIGHT_LEAST: Final = 60.0  # grey levels above it: where veins meet it is less
_LEAST: Final = 1e-3  # grey levels: less is rounding


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said of a frame's quality from its pixels.

    Attributes
    ----------
    dye : float
        Logarithm of how much stronger bright ridges are than dark ones. Vessels full
        of fluorescein are bright (above 0); in infrared and autofluorescence, and
        before the dye arrives, they are dark (below 0).
    sharpness : float
        Steepest fine slopes over steepest coarse ones; about 5 where sharp, 2 where
        blurred.
    brightness : float
        95th percentile of the grey values of the field, 0 to 255.
    burnt : float
        Share of the field at the top of the scale, 0 to 1.
    bright : float
        Share of the field in bright areas wider than vessels, 0 to 1: late leakage,
        staining, and the disc, which is about 1 % of a field of 50°.
    """

    dye: float
    sharpness: float
    brightness: float
    burnt: float
    bright: float

    @property
    def flags(self) -> tuple[str, ...]:
        """Keys of `WORDS`, the gravest first; empty for a good frame."""
        found = {
            NOT_FA: self.dye < _DYE_AT,
            BLURRED: self.sharpness < _SHARP_AT,
            TOO_DARK: self.brightness < _BRIGHT_AT,
            OVEREXPOSED: self.burnt > _BURNT_SHARE,
        }
        return tuple(flag for flag in WORDS if found[flag])


def assess(pixels: NDArray[Any], field: NDArray[np.bool_] | None = None) -> Quality:
    """Measure the quality of a frame; a tenth of a second.

    Ridges are told by the eigenvalues of the Hessian (Frangi 1998), those of lines
    less those of blobs, so that microaneurysms and lesions hardly count.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W), (H, W, 3) or (H, W, 4)
        A frame.
    field : bool array of shape (H, W), optional
        Its photographed field where that is known already.
    """
    small, inside = _reduced(pixels, field)
    seen = small[inside]
    fine, coarse = (
        np.percentile(ndimage.gaussian_gradient_magnitude(small, sigma)[inside], 98)
        for sigma in (1.0, 4.0)
    )
    return Quality(
        dye=float(np.mean([_polarity(small, inside, s) for s in _VESSEL_WIDTHS])),
        sharpness=float(fine / max(coarse, _LEAST)),
        brightness=float(np.percentile(seen, 95)),
        burnt=float(np.mean(seen >= _BURNT)),
        bright=_bright_share(small, inside),
    )


def _reduced(
    pixels: NDArray[Any], field: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a small grey copy and the inside of its field."""
    grey = as_grey8(pixels)
    field = field_mask(grey) if field is None else field
    scale = min(1.0, _SIDE / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    box = Image.Resampling.BOX
    small = np.asarray(Image.fromarray(grey).resize(size, box), np.float32)
    whole = np.asarray(Image.fromarray(field).resize(size, Image.Resampling.NEAREST))
    rim = max(1, round(_RIM * max(small.shape)))
    inside = ndimage.binary_erosion(whole, iterations=rim, border_value=0)
    return small, inside if inside.any() else np.ones(small.shape, bool)


def _bright_share(small: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """Measure bright areas; an opening takes vessels away and leaves wider things."""
    plain = ndimage.grey_opening(
        ndimage.uniform_filter(small, 3), size=(_WIDER, _WIDER)
    )
    seen = plain[inside]
    middle = np.median(seen)
    spread = 1.4826 * np.median(np.abs(seen - middle))
    return float(np.mean(seen > middle + max(_BRIGHT_Z * spread, _BRIGHT_LEAST)))


def _polarity(
    small: NDArray[np.float32], inside: NDArray[np.bool_], sigma: float
) -> float:
    """Compare bright lines with dark ones of one width."""
    rows, columns, mixed = (
        ndimage.gaussian_filter(small, sigma, order=order)
        for order in ((2, 0), (0, 2), (1, 1))
    )
    middle = (rows + columns) / 2
    spread = np.hypot((rows - columns) / 2, mixed)
    low, high = middle - spread, middle + spread
    bright = np.clip(-low - np.abs(high), 0, None)[inside]
    dark = np.clip(high - np.abs(low), 0, None)[inside]
    strong, weak = (np.percentile(ridges, _PLAINEST) for ridges in (bright, dark))
    return float(np.log((strong + _LEAST) / (weak + _LEAST)))
