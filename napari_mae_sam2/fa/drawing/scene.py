"""What leakage needs to know of a frame before it can be drawn there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PERIVASCULAR, CAPILLARY, DISC, MACULAR, NEOVASCULAR = KINDS = (
    "perivascular",
    "capillary",
    "disc",
    "macular",
    "neovascular",
)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One frame, surveyed: where the field, the vessels, the disc and the fovea lie.

    Attributes
    ----------
    grey : ndarray
        float32 (H, W), 0 to 255: the frame itself.
    field : ndarray
        bool (H, W): the photographed field.
    background : ndarray
        float32 (H, W), 0 to 255: the frame without its vessels.
    vesselness : ndarray
        float32 (H, W), 0 to 1: the vessels down to the small ones.
    distance : ndarray
        float32 (H, W), pixels: distance to the centreline of the nearest vessel.
    paths : tuple of ndarray
        Centrelines, each float32 (N, 3): row, column and radius in pixels.
    disc : tuple of float or None
        (row, column, radius) of the optic disc in pixels; None where it is not seen.
    fovea : tuple of float or None
        (row, column); None where it is not seen.
    depth : ndarray
        float32 (H, W), pixels: distance to the border of the field, 0 outside.
    """

    grey: Floats
    field: NDArray[np.bool_]
    background: Floats
    vesselness: Floats
    distance: Floats
    paths: tuple[Floats, ...]
    disc: tuple[float, float, float] | None
    fovea: tuple[float, float] | None
    depth: Floats

    @property
    def unit(self) -> float:
        """Pixels of this frame per pixel of a frame 512 pixels wide."""
        return float(max(self.grey.shape)) / 512


def depth_of(field: NDArray[np.bool_]) -> Floats:
    """Distance (pixels) to the border of the field, which image edges do not end."""
    return np.asarray(ndimage.distance_transform_edt(field), np.float32)
