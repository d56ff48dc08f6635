"""Tells the annotator what is seen, and shows what is read at full resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2.fa.close_up import CloseUp

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

COMING, READY = "#64748b", "#22d3ee"
MS_TO_SETTLE = 300
"""How long the view must stand still: not every turn of the wheel means a new one."""


class CloseUpPart(Part):
    """Follows the camera, and frames the close-up.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._annotator = dock.desk.annotator
        self._layer: Shapes | None = None
        self._settled = QTimer(dock)
        self._settled.setSingleShot(True)
        self._settled.setInterval(MS_TO_SETTLE)
        self._settled.timeout.connect(self._look)
        self.keys = (
            Key(
                ("W",),
                "read what you see at full resolution, or not",
                self._toggle,
                "Segment",
            ),
        )
        camera = dock.viewer.scene.camera
        camera.events.center.connect(self._on_camera)
        camera.events.zoom.connect(self._on_camera)
        self._annotator.close_up_changed.connect(self._show)

    def layers_ready(self) -> None:
        """Look at the case, whose view may be zoomed in already."""
        self._settled.start()
        self._show()

    def close(self) -> None:
        """Let go of the camera."""
        self._settled.stop()
        camera = self._dock.viewer.scene.camera
        camera.events.center.disconnect(self._on_camera)
        camera.events.zoom.disconnect(self._on_camera)
        self._annotator.close_up_changed.disconnect(self._show)

    def _on_camera(self, _event: object) -> None:
        self._settled.start()

    def _toggle(self) -> None:
        self._look()
        self._annotator.toggle_close_up()

    def _look(self) -> None:
        frame = self._dock.layers.frame
        if self._dock.session is not None and frame is not None:
            flat = self._dock.viewer.dims.ndisplay == 2
            self._annotator.look_at(seen_of(frame) if flat else None)

    def _show(self) -> None:
        """Frame what is read at full resolution, grey until it can be clicked on."""
        close_up, ready = self._annotator.close_up
        stack, frame = self._dock.layers.stack, self._dock.layers.frame
        if self._layer is not None and self._layer not in stack.viewer.layers:
            self._layer = None  # somebody deleted it
        if close_up is None or frame is None:
            if self._layer is not None:
                stack.remove(self._layer)
                self._layer = None
            return
        if self._layer is None:
            self._layer = stack.add(Shapes(ndim=2, name="full resolution"), above=frame)
            self._layer.editable = False
        corners = np.array(
            [
                (close_up.top - 0.5, close_up.left - 0.5),
                (close_up.bottom - 0.5, close_up.right - 0.5),
            ]
        )
        self._layer.data = []
        self._layer.add_rectangles(
            [corners],
            edge_width=max(1.0, close_up.side / 400),
            edge_color=READY if ready else COMING,
            face_color="transparent",
        )
        self._layer.selected_data = set()


def seen_of(frame: Image) -> CloseUp:
    """Return the part of a frame that the canvas shows."""
    (top, left), (bottom, right) = frame.corner_pixels[:, :2]
    height, width = frame.data.shape[:2]
    return CloseUp(
        max(int(top), 0),
        max(int(left), 0),
        min(int(bottom) + 1, height),
        min(int(right) + 1, width),
    )
