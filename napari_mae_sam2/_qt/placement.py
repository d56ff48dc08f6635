"""Keeps our layers where they belong on the frame, whatever napari does to them.

Each of our layers lies at its own place on the frame, and all of them share the affine
of the frame's layer. So a frame that is turned takes its lesions along, and a layer
that is moved against the frame goes back: a label never lands in another place than
where it is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.view.canvas_geometry import frame_affine, set_affine

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

Place = tuple[tuple[float, float], tuple[float, float]]


class Placement:
    """Knows where our layers belong.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers they are.
    """

    moved = Signal()
    """The frame was turned or moved, and our layers with it."""
    refused = Signal()
    """Somebody wanted to transform one of our layers."""

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self._places: WeakKeyDictionary[Layer, Place] = WeakKeyDictionary()
        self._frame: Layer | None = None
        self._busy = False
        set_affine(viewer, np.eye(3))

    def watch(self, layer: Layer, *, leads: bool = False) -> None:
        """Keep a layer in its place from now on.

        Parameters
        ----------
        layer : napari layer
            Not in the viewer yet.
        leads : bool
            True for the frame, whose affine the others take.
        """
        if leads:
            self._frame = layer
        self._places[layer] = self._place_of(layer)
        layer.affine = frame_affine(self._viewer)
        layer.events.affine.connect(self._on_affine)
        for event in (
            layer.events.scale,
            layer.events.translate,
            layer.events.rotate,
            layer.events.shear,
        ):
            event.connect(self._on_own)
        layer.events.mode.connect(self._on_mode)

    def put(
        self,
        layer: Layer,
        corner: tuple[float, float],
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        """Say where on the frame the first pixel of a layer lies, and how large it is.

        Parameters
        ----------
        layer : napari layer
        corner, scale : (float, float)
            Down and across, in pixels of the frame.
        """
        self._places[layer] = tuple(map(float, scale)), tuple(map(float, corner))  # type: ignore[assignment]
        self._busy = True
        try:
            if tuple(layer.scale) != tuple(scale):
                layer.scale = scale
            layer.translate = corner
        finally:
            self._busy = False

    def close(self) -> None:
        """Let go of all layers."""
        for layer in list(self._places):
            layer.events.affine.disconnect(self._on_affine)
            for event in (
                layer.events.scale,
                layer.events.translate,
                layer.events.rotate,
                layer.events.shear,
            ):
                event.disconnect(self._on_own)
            layer.events.mode.disconnect(self._on_mode)
        self._places.clear()
        self._frame = None
        set_affine(self._viewer, np.eye(3))

    # --- inside ----------------------------------------------------------------

    @staticmethod
    def _place_of(layer: Layer) -> Place:
        scale, corner = layer.scale, layer.translate
        return (float(scale[-2]), float(scale[-1])), (
            float(corner[-2]),
            float(corner[-1]),
        )

    def _on_affine(self, event: Any) -> None:
        layer: Layer = event.source
        if self._busy or layer not in self._places:
            return
        wanted = frame_affine(self._viewer)
        affine = np.asarray(layer.affine)
        if np.allclose(affine, wanted):
            return
        if layer is not self._frame:
            self._apply(layer, wanted)
            return
        set_affine(self._viewer, affine)
        for other in list(self._places):
            if other is not layer:
                self._apply(other, affine)
        self.moved.emit()

    def _apply(self, layer: Layer, affine: Any) -> None:
        self._busy = True
        try:
            layer.affine = affine
        finally:
            self._busy = False

    def _on_own(self, event: Any) -> None:
        layer: Layer = event.source
        place = self._places.get(layer)
        if self._busy or place is None:
            return
        scale, corner = place
        self._busy = True
        try:
            if not np.allclose(layer.rotate, np.eye(2)):
                layer.rotate = np.eye(2)
            if np.any(layer.shear):
                layer.shear = np.zeros_like(layer.shear)
            if not np.allclose(layer.scale, scale):
                layer.scale = scale
            if not np.allclose(layer.translate, corner):
                layer.translate = corner
        finally:
            self._busy = False

    def _on_mode(self, event: Any) -> None:
        layer = event.source
        if str(layer.mode) == "transform":
            # Not from inside the event: napari's buttons have not heard of it yet.
            QTimer.singleShot(0, lambda: self._leave_transform(layer))

    def _leave_transform(self, layer: Any) -> None:
        if str(layer.mode) == "transform":
            layer.mode = "pan_zoom"
            self.refused.emit()
