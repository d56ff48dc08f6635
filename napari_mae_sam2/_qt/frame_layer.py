"""The layer that shows the frame itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_mae_sam2.fa.display import shown_pixels, usual_limits

if TYPE_CHECKING:
    import numpy as np

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
        resized = self.put(shown_pixels(frame))
        assert self.image is not None
        self.image.name = frame.name
        return resized

    def put(self, pixels: np.ndarray[Any, Any]) -> bool:
        """Show other pixels in the place of the frame's, with the contrast as it is.

        Returns
        -------
        bool
            True where their size is another than before.
        """
        rgb = pixels.ndim == 3
        name = "frame" if self.image is None else self.image.name
        was = None if self.image is None else self.image.data.shape
        if self.image is None or self.image.rgb != rgb:
            self._stack.remove(self.image)
            limits = None if rgb else usual_limits(pixels)
            made = Image(pixels, name=name, rgb=rgb, contrast_limits=limits)
            self.image = self._stack.add(made, at=0, leads=True)
        else:
            self.image.data = pixels
        return was is None or was[:2] != pixels.shape[:2]

    def clear(self) -> None:
        """Take the layer away."""
        self._stack.remove(self.image)
        self.image = None

    def forget(self, layer: object) -> None:
        """Take note that somebody deleted a layer."""
        if layer is self.image:
            self.image = None
