"""The layer that shows the frame itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

if TYPE_CHECKING:
    from napari_mae_sam2._qt.layer_stack import LayerStack
    from napari_mae_sam2.fa.frame import Frame


class FrameLayer:
    """Shows one frame at the bottom of the stack.

    Parameters
    ----------
    stack : LayerStack
        Where the layer goes.
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self.image: Image | None = None

    def fill(self, frame: Frame) -> bool:
        """Show a frame.

        Returns
        -------
        bool
            True where its size is another than that of the last one.
        """
        pixels = shown_pixels(frame)
        rgb = pixels.ndim == 3
        was = None if self.image is None else self.image.data.shape
        if self.image is None or self.image.rgb != rgb:
            self._stack.remove(self.image)
            self.image = self._stack.add(Image(pixels, name="frame", rgb=rgb), at=0)
        else:
            self.image.data = pixels
        self.image.name = frame.name
        if not rgb:
            self.image.contrast_limits = contrast_limits(pixels)
        return was is None or was[:2] != pixels.shape[:2]

    def clear(self) -> None:
        """Take the layer away."""
        self._stack.remove(self.image)
        self.image = None

    def forget(self, layer: object) -> None:
        """Take note that somebody deleted a layer."""
        if layer is self.image:
            self.image = None


def shown_pixels(frame: Frame) -> np.ndarray[Any, Any]:
    """Return what to show of a frame: grey that was stored as RGB becomes grey."""
    pixels = frame.pixels
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    if pixels.ndim == 3 and pixels.dtype != np.uint8:
        return pixels / np.float32(max(pixels.max(), 1e-6))
    return pixels


def contrast_limits(pixels: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return black and white for a grey frame; 8 bits as they were photographed."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.nanpercentile(pixels, (0.1, 99.9))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1)
