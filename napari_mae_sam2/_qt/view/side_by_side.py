"""Shows another frame beside the one in hand, with one camera and one cursor.

napari's own grid does it: all its views have one camera, and a place under the mouse
is the same place of both frames. So the case and its layers stand in one view, the
other frame in the next, and clicks may be made in either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_mae_sam2._qt.view.canvas_geometry import to_shown
from napari_mae_sam2._qt.view.frame_display import show_inverted, show_look
from napari_mae_sam2.annotate.comparison import fitted
from napari_mae_sam2.annotate.looks import Look
from napari_mae_sam2.fa.display import usual_limits

if TYPE_CHECKING:
    import napari

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.comparison import Compared
    from napari_mae_sam2.annotate.looks import Looks
    from napari_mae_sam2.annotate.view_state import ViewState

SPACING = 4
"""Pixels of the canvas between the views."""

ROUNDS_TO_SAME = 0.005
"""A difference of size that is shown as 100 % need not be told."""


class SideBySide(QObject):
    """Keeps the layer of the other frame and the grid.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose grid is used.
    layers : CaseLayers
        The layers of the case, among which it goes.
    state, looks : ViewState, Looks
        How frames are looked at.
    parent : QObject
        The dock.
    """

    changed = Signal()
    """Another frame stands beside the case, or none any more."""
    lost = Signal()
    """Somebody deleted the layer of the other frame."""

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        state: ViewState,
        looks: Looks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers = layers
        self._stack = layers.stack
        self._state = state
        self._looks = looks
        self._layer: Image | None = None
        self._compared: Compared | None = None
        self._shape: tuple[int, int] | None = None
        self._busy = False
        events = viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.connect(self._on_layers)
        viewer.canvas.events.size.connect(self._arrange)

    @property
    def name(self) -> str | None:
        """What stands beside the case; None where nothing does."""
        if self._layer is None or self._compared is None or self._shape is None:
            return None
        factor, _ = fitted(self._compared.frame.shape, self._shape)
        size = (
            ""
            if abs(factor - 1) < ROUNDS_TO_SAME
            else f", shown at {100 * factor:.0f} %"
        )
        return f"{self._compared.name}{size}"

    def is_other(self, layer: Any) -> bool:
        """Tell the layer of the other frame."""
        return layer is self._layer

    def show_frame_of(self, shape: tuple[int, int] | None) -> None:
        """Follow a frame in hand of this size."""
        self._shape = shape
        self._place()

    def show(self, compared: Compared | None) -> None:
        """Show another frame beside the case, or none."""
        self._compared = compared
        was = self._layer is not None
        if compared is None or self._shape is None:
            self._remove()
        else:
            rgb = compared.pixels.ndim == 3
            if self._layer is not None and self._layer.rgb != rgb:
                self._remove()
            if self._layer is None:
                # Without limits napari looks through all pixels for them.
                limits = None if rgb else usual_limits(compared.pixels)
                self._layer = self._stack.add(
                    Image(
                        compared.pixels,
                        name="other frame",
                        rgb=rgb,
                        contrast_limits=limits,
                    )
                )
            else:
                self._layer.data = compared.pixels
            self._place()
            self.refresh()
        self._arrange()
        if was != (self._layer is not None):
            self._layers.fit_view(*([self._layer] if self._layer else []))
        self.changed.emit()

    def refresh(self) -> None:
        """Show the other frame as the view and its own device want it."""
        if self._layer is None or self._compared is None or self._layer.rgb:
            return
        low, high = usual_limits(self._layer.data)
        look = self._looks.look(self._compared.frame) or Look(low, high)
        show_look(self._layer, look, high)
        show_inverted(self._layer, self._state.view.inverted)

    def layers_ready(self) -> None:
        """Notice that somebody deleted the layer of the other frame."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            self._layer = None
            self.lost.emit()

    def close(self) -> None:
        """Let go of the viewer."""
        self._remove()
        self._arrange()
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.disconnect(self._on_layers)
        self._viewer.canvas.events.size.disconnect(self._arrange)

    # --- inside ----------------------------------------------------------------

    def _remove(self) -> None:
        self._stack.remove(self._layer)
        self._layer = None

    def _place(self) -> None:
        if self._layer is None or self._compared is None or self._shape is None:
            return
        factor, corner = fitted(self._compared.frame.shape, self._shape)
        self._stack.placement.put(self._layer, corner, (factor, factor))

    def _on_layers(self, _event: object = None) -> None:
        if self._layer is not None and not self._busy:
            # Not from inside the event: others have not heard of the change yet.
            QTimer.singleShot(0, self._arrange)

    def _arrange(self, _event: object = None) -> None:
        """Put the other frame into a view of its own: on top, below it all the rest."""
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        if self._layer is None or self._layer not in layers:
            if self._grid_is_ours:
                self._grid_is_ours = False
                grid.enabled = False
                grid.stride, grid.shape, grid.spacing = self._grid_before
            return
        if not self._grid_is_ours:
            self._grid_is_ours = True
            self._grid_before = grid.stride, grid.shape, grid.spacing
        self._busy = True
        try:
            if layers[-1] is not self._layer:
                layers.move(layers.index(self._layer), len(layers))
        finally:
            self._busy = False
        grid.stride = max(1, len(layers) - 1)
        grid.shape = self._best_shape()
        grid.spacing = SPACING
        grid.enabled = True

    def _best_shape(self) -> tuple[int, int]:
        """Beside or below each other, whichever shows the frames larger."""
        height, width = self._shape or (1, 1)
        linear = to_shown(self._viewer)
        if linear is not None:  # as it is seen, turned or not
            height, width = np.abs(linear[:, :2]) @ (height, width)
        canvas_height, canvas_width = self._viewer.canvas.size
        beside = min(canvas_width / 2 / width, canvas_height / height)
        below = min(canvas_width / width, canvas_height / 2 / height)
        return (1, 2) if beside >= below else (2, 1)

    _grid_is_ours = False
    _grid_before: tuple[Any, Any, Any] = (1, (-1, -1), 0)
