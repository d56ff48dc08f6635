"""The layer of colours over the frame: display only, nothing reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

if TYPE_CHECKING:
    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.overlay_picture import Picture

CLEAR = np.zeros((1, 1, 4), np.uint8)


class ColourLayer:
    """Shows a picture between the frame and the lesions.

    Parameters
    ----------
    layers : CaseLayers
        The layers of the case.
    """

    def __init__(self, layers: CaseLayers) -> None:
        self._layers = layers
        self._layer: Image | None = None
        self._opacity = 1.0

    def fade(self, opacity: float) -> None:
        """Cover the frame by this share, 0 to 1, of what the colours say."""
        self._opacity = opacity
        if self._layer is not None and self._layer.opacity != opacity:
            self._layer.opacity = opacity

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or nothing until the next one comes."""
        if picture is None:
            if self._layer is not None:
                self._put(CLEAR, 1, (0.0, 0.0))
        elif self._layers.frame is not None:
            if self._layer is None:
                self._layer = self._layers.stack.add(
                    Image(CLEAR, name="overlay", rgb=True, opacity=self._opacity),
                    above=self._layers.frame,
                )
            self._put(picture.pixels, picture.step, picture.corner)

    def remove(self) -> None:
        """Take the layer away."""
        self._layers.stack.remove(self._layer)
        self._layer = None

    @property
    def is_lost(self) -> bool:
        """True where somebody deleted the layer."""
        return (
            self._layer is not None
            and self._layer not in self._layers.stack.viewer.layers
        )

    def _put(self, pixels: np.ndarray, step: int, corner: tuple[float, float]) -> None:
        layer = self._layer
        assert layer is not None
        if layer.data is pixels:
            return
        # Each of the three makes napari measure and draw everything anew: once will do.
        with layer.events.blocker_all():
            layer.data = pixels
        self._layers.stack.placement.put(layer, corner, (step, step))
        layer.refresh()
