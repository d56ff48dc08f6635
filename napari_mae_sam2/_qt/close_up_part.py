"""Tells the annotator what is seen, and shows what is read at full resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2.annotate.looking import WORTH_IT
from napari_mae_sam2.fa.close_up import CloseUp

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession

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
        self._drawn: tuple[CloseUp, bool] | None = None
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

    def show_case(self, session: CaseSession | None) -> None:
        """Take the frame away where no case is shown."""
        if session is None:
            self._dock.layers.stack.remove(self._layer)
            self._layer = None

    def layers_ready(self) -> None:
        """Look at the case, whose view may be zoomed in already."""
        self._settled.start()
        self._show()
        frame, predictor = self._dock.layers.frame, self._annotator.predictor
        if self._layer is None and frame is not None and predictor is not None:
            # Made while the case opens: a layer in the middle of zooming would jerk.
            if max(frame.data.shape[:2]) > WORTH_IT * predictor.image_size:
                self._make(frame)

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
            seen = seen_of(frame)
            # A canvas that was never drawn does not know what it shows.
            known = self._dock.viewer.dims.ndisplay == 2 and seen.side > 1
            self._annotator.look_at(seen if known else None)
            self._show()

    def _show(self) -> None:
        """Frame what is read at full resolution, grey until it can be clicked on."""
        close_up, ready = self._annotator.close_up
        stack, frame = self._dock.layers.stack, self._dock.layers.frame
        if self._layer is not None and self._layer not in stack.viewer.layers:
            self._layer = None  # somebody deleted it
        if close_up is None or frame is None:
            if self._layer is not None:
                # Taking it out and putting it in again would be slow.
                self._layer.visible = False
            return
        layer = self._layer or self._make(frame)
        # As a rule it reaches beyond what is seen: then the frame lies at the edge.
        seen = seen_of(frame)
        width = max(0.5, seen.side / 300)
        part = inner(seen, round(2 * width)).meet(close_up)
        if part.is_empty:
            part = close_up
        if layer.visible and self._drawn == (part, ready):
            return
        self._drawn = part, ready
        corners = np.array(
            [
                (part.top - 0.5, part.left - 0.5),
                (part.bottom - 0.5, part.right - 0.5),
            ]
        )
        layer.data = []
        layer.add_rectangles(
            [corners],
            edge_width=width,
            edge_color=READY if ready else COMING,
            face_color="transparent",
        )
        layer.selected_data = set()
        layer.visible = True

    def _make(self, frame: Image) -> Shapes:
        made: Shapes = self._dock.layers.stack.add(
            Shapes(ndim=2, name="full resolution", visible=False), above=frame
        )
        made.editable = False
        self._layer = made
        return made


def inner(seen: CloseUp, margin: int) -> CloseUp:
    """Return a rectangle without a margin at its four sides."""
    return CloseUp(
        seen.top + margin, seen.left + margin, seen.bottom - margin, seen.right - margin
    )


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
