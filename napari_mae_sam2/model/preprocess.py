"""From a frame's pixels to what the encoder sees: SAM 2's resize and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.functional import interpolate

from napari_mae_sam2.fa.pixels import as_rgb8

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Mean and spread of ImageNet's colours, which SAM 2 was trained with.
_MEAN: Final = (0.485, 0.456, 0.406)
_SPREAD: Final = (0.229, 0.224, 0.225)

VERSION: Final = "rgb8-antialias-1"
"""Changes when the same pixels would give another input; part of cache keys."""


def to_input(pixels: NDArray[np.generic], image_size: int = 1024) -> torch.Tensor:
    """Turn the pixels of a frame into the encoder's input.

    The frame is squeezed into a square with antialiased bilinear interpolation, as
    SAM 2 does it, whatever its proportions.

    Parameters
    ----------
    pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or float; what is not 8-bit is stretched by
        `napari_mae_sam2.fa.pixels.as_rgb8`.
    image_size : int
        Side of the square.

    Returns
    -------
    float32 tensor of shape (1, 3, image_size, image_size)
        Normalised colours.

    Raises
    ------
    FrameError
        If the pixels cannot be a frame.
    """
    rgb = as_rgb8(pixels)
    # Angiograms are grey: one channel is resized instead of three equal ones.
    grey = bool(
        (rgb[..., 1] == rgb[..., 0]).all() and (rgb[..., 2] == rgb[..., 0]).all()
    )
    planes = np.ascontiguousarray((rgb[..., :1] if grey else rgb).transpose(2, 0, 1))
    image = torch.from_numpy(planes)[None].float() / 255  # [1, 1 or 3, H, W]
    image = interpolate(
        image,
        (image_size, image_size),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    mean = torch.tensor(_MEAN).view(1, 3, 1, 1)
    spread = torch.tensor(_SPREAD).view(1, 3, 1, 1)
    return (image - mean) / spread
