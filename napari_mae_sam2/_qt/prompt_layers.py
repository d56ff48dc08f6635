"""The layers of what the grader asks: points, and the box that is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points, Shapes
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.soon import AFTER_THE_FRAME, Soon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.layer_stack import LayerStack
    from napari_mae_sam2.annotate.draft import Box, Draft
    from napari_mae_sam2.annotate.session import CaseSession

POSITIVE, NEGATIVE = "#2dd4bf", "#fb7185"
BOX = "#facc15"
POINT_ON_SCREEN = 11.0
"""Diameter of a click in pixels of the screen, whatever the zoom."""
MS_TO_ZOOM = 60


class PromptLayers:
    """Shows the draft of a session.

    Parameters
    ----------
    stack : LayerStack
        Where the layers go.
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self._session: CaseSession | None = None
        self._camera = stack.viewer.scene.camera
        self._zoomed = QTimer()
        self._zoomed.setSingleShot(True)
        self._zoomed.setInterval(MS_TO_ZOOM)
        self._zoomed.timeout.connect(self._fit)
        self._camera.events.zoom.connect(self._on_zoom)
        self._soon = Soon(self._show, AFTER_THE_FRAME)
        self.box: Shapes | None = None
        self.points: Points | None = None

    def follow(self, session: CaseSession | None) -> None:
        """Listen to another session, or to none."""
        self._soon.stop()
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
        self._session = session
        if session is not None:
            session.draft_changed.connect(self._on_draft)

    def fill(self) -> None:
        """Make the layers where they are not there."""
        if self.box is None:
            self.box = self._stack.add(
                Shapes(
                    ndim=2,
                    name="box",
                    edge_color=BOX,
                    face_color="transparent",
                    edge_width=2,
                )
            )
        if self.points is None:
            self.points = self._stack.add(
                Points(
                    ndim=2,
                    name="prompts",
                    size=10,
                    border_color="white",
                    border_width=0.15,
                )
            )

    def show_draft(self, draft: Draft) -> None:
        """Show the prompts that were given."""
        if self.points is None:
            return
        places = np.array([(c.row, c.column) for c in draft.clicks]).reshape(-1, 2)
        self.points.data = places
        if len(places):
            self.points.face_color = [
                POSITIVE if click.positive else NEGATIVE for click in draft.clicks
            ]
            self.points.size = self._point_size()
            self.points.selected_data = set()
        self._draw_boxes(draft.boxes)

    def preview_box(self, box: Box | None) -> None:
        """Show the box that is being dragged, or the one of the draft."""
        boxes = () if self._session is None else self._session.draft.boxes
        self._draw_boxes((box,) if box is not None else boxes)

    def preview_line(self, line: NDArray[np.floating], closed: bool) -> None:
        """Show the line that is being drawn, of shape (N, 2)."""
        if self.box is None or len(line) < 2:
            return
        self.box.data = []
        width = self._point_size() / 5
        if closed and len(line) > 2:
            self.box.add_polygons([line], edge_width=width, edge_color=BOX)
        else:
            self.box.add_paths([line], edge_width=width, edge_color=BOX)
        self.box.selected_data = set()

    def close(self) -> None:
        """Let go of the camera."""
        self._zoomed.stop()
        self._soon.stop()
        self._camera.events.zoom.disconnect(self._on_zoom)

    def clear(self) -> None:
        """Take the layers away."""
        for layer in (self.points, self.box):
            self._stack.remove(layer)
        self.points = self.box = None

    def forget(self, layer: object) -> None:
        """Take note that somebody deleted a layer."""
        if layer is self.box:
            self.box = None
        if layer is self.points:
            self.points = None

    def _on_draft(self, draft: Draft) -> None:
        if draft.is_empty:
            self._show()
        else:
            self._soon()

    def _show(self) -> None:
        self._soon.stop()
        if self._session is not None:
            self.show_draft(self._session.draft)

    def _draw_boxes(self, boxes: tuple[Box, ...]) -> None:
        if self.box is None or (not boxes and not self.box.nshapes):
            return
        self.box.data = []
        if boxes:
            corners = [[(b.top, b.left), (b.bottom, b.right)] for b in boxes]
            width = self._point_size() / 5
            self.box.add_rectangles(corners, edge_width=width, edge_color=BOX)
            self.box.selected_data = set()

    def _point_size(self) -> float:
        # Points are measured in pixels of the frame; a lesion of a large frame that
        # somebody zoomed in on must not vanish under its click.
        return POINT_ON_SCREEN / max(float(self._camera.zoom), 1e-3)

    def _on_zoom(self, _event: object) -> None:
        self._zoomed.start()

    def _fit(self) -> None:
        """Keep points and lines as large as they are on the screen."""
        if self.points is not None and len(self.points.data):
            self.points.size = self._point_size()
        if self.box is not None and self.box.nshapes:
            self.box.edge_width = [self._point_size() / 5] * self.box.nshapes
