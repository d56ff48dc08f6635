"""Tell a bare vessel from leakage, among what a model calls leakage.

A segmentation model is often sure of a vessel that does not leak: it is as bright. What
tells the two apart is their form. A vessel is thin and a ridge of brightness all along;
leakage is wide or soft, and the ridge in it, if there is any, is a small part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.pixels import as_8bit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.placed_mask import PlacedMask

SCALES: Final = (1.2, 2.0, 3.4)
"""Widths of the ridges that are looked for, in 1/1024 of the longer side of a frame."""

THIN: Final = 6.0
"""What is nowhere thicker than twice this is as thin as a vessel; in the same unit."""

THICK: Final = 14.0
"""What is thicker than twice this somewhere is no vessel."""

_CONTRAST = 2.0  # grey levels by which a ridge stands out, of 255
_ROUND = 0.45  # of the curvature across, along a ridge at most
# Share of ridge from which on a thin patch loses, and loses most. Leakage that readers
# outlined in real frames has 0.45 to 0.6, vessels in the same frames 0.7 to 1.
_RIDGE = (0.55, 0.85)
_LOSS = 0.7  # of the score of what is a vessel through and through


class VesselFinder:
    """Looks at patches of one frame.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        uint8, uint16 or float.
    """

    def __init__(self, pixels: NDArray[Any]) -> None:
        shown = as_8bit(pixels)
        self._grey = shown if shown.ndim == 2 else shown[..., :3].mean(axis=2)
        self._unit = max(self._grey.shape) / 1024

    def trust(self, mask: PlacedMask) -> float:
        """Say how much of the model's certainty is left in the light of the form.

        Parameters
        ----------
        mask : PlacedMask
            One connected patch with at least a pixel.

        Returns
        -------
        float
            1 for whatever is no bare vessel, down to 0.3 for what is nothing else.
        """
        thin = self.thinness(mask)
        if not thin:
            return 1.0
        return 1.0 - _LOSS * thin * _ramp(self.ridge_share(mask), *_RIDGE)

    def thinness(self, mask: PlacedMask) -> float:
        """Say whether a patch is as thin as a vessel everywhere, 0 to 1."""
        depth = ndimage.distance_transform_edt(np.pad(mask.mask, 1))
        return 1.0 - _ramp(float(depth.max()) / self._unit, THIN, THICK)

    def ridge_share(self, mask: PlacedMask) -> float:
        """Say which part of a patch lies on a ridge of brightness, 0 to 1."""
        sigmas = [max(scale * self._unit, 0.8) for scale in SCALES]
        margin = round(4 * max(sigmas)) + 1
        rows, columns = (
            slice(max(part.start - margin, 0), part.stop + margin)
            for part in mask.region
        )
        near = self._grey[rows, columns].astype(np.float32)
        inside = np.zeros(near.shape, bool)
        top, left = mask.top - rows.start, mask.left - columns.start
        height, width = mask.mask.shape
        inside[top : top + height, left : left + width] = mask.mask
        ridge = np.zeros(near.shape, bool)
        for sigma in sigmas:
            ridge |= _ridge(near, sigma)
        return float(ridge[inside].mean())


def _ridge(grey: NDArray[np.float32], sigma: float) -> NDArray[np.bool_]:
    """Find where brightness falls off to two sides and goes on in between."""
    down, across, both = (
        ndimage.gaussian_filter(grey, sigma, order=order) * sigma**2
        for order in ((2, 0), (0, 2), (1, 1))
    )
    half = (down + across) / 2
    root = np.sqrt(((down - across) / 2) ** 2 + both**2)
    steep, flat = half - root, half + root
    found: NDArray[np.bool_] = (steep < -_CONTRAST) & (
        np.abs(flat) < _ROUND * np.abs(steep)
    )
    return found


def _ramp(value: float, low: float, high: float) -> float:
    """Rise from 0 at one value to 1 at another."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
