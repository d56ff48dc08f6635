"""What the grader asks: the layer of clicks, and the boxes drawn over the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points
from qtpy.compat import isalive
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.drawn_prompts import DrawnPrompts
from napari_mae_sam2._qt.soon import A_TURN_LATER, AFTER_THE_FRAME, Soon

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.layer_stack import LayerStack
    from napari_mae_sam2.annotate.draft import Box, Draft
    from napari_mae_sam2.annotate.session import CaseSession

POSITIVE, NEGATIVE = "#2dd4bf", "#fb7185"
POINT_ON_SCREEN = 11.0
"""Diameter of a click in pixels of the screen, whatever the zoom."""
MS_TO_ZOOM = 60


class PromptLayers:
    """Shows the draft of a session.

    Parameters
    ----------
    stack : LayerStack
        Where the layer goes.
    find_canvas : callable
        Gives the widget that napari draws on, None while there is none.
    """

    def __init__(
        self, stack: LayerStack, find_canvas: Callable[[], QWidget | None]
    ) -> None:
        self._stack = stack
        self._find_canvas = find_canvas
        self._session: CaseSession | None = None
        self._camera = stack.viewer.scene.camera
        self._zoomed = QTimer()
        self._zoomed.setSingleShot(True)
        self._zoomed.setInterval(MS_TO_ZOOM)
        self._zoomed.timeout.connect(self._fit)
        self._camera.events.zoom.connect(self._on_zoom)
        self._after_the_answer = Soon(self._show, AFTER_THE_FRAME)
        self._next = Soon(self._show, A_TURN_LATER)
        stack.placement.moved.connect(self._on_moved)
        self.drawn: DrawnPrompts | None = None
        """Boxes and lines; None until there is a canvas to draw on."""
        self.points: Points | None = None
        self._mark: Box | None = None

    def follow(self, session: CaseSession | None) -> None:
        """Listen to another session, or to none."""
        self._stop()
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
        self._session = session
        self._mark = None
        if session is not None:
            session.draft_changed.connect(self._on_draft)

    def fill(self) -> None:
        """Make the layer where it is not there."""
        if self.drawn is None or not isalive(self.drawn):
            canvas = self._find_canvas()
            if canvas is not None:
                self.drawn = DrawnPrompts(self._stack.viewer, canvas)
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

    def show_soon(self) -> None:
        """Show the prompts that were given, once the frame is drawn."""
        # In a turn of their own: napari takes as long for them as for all the rest.
        self._next()

    def preview_box(self, box: Box | None) -> None:
        """Show the box that is dragged, else those of the draft, else the mark."""
        if self.drawn is not None:
            boxes = () if self._session is None else self._session.draft.boxes
            shown = self._mark if box is None and not boxes else box
            self.drawn.show_boxes(boxes if shown is None else (shown,))

    def mark(self, box: Box | None) -> None:
        """Show a box around what is being judged, or none any more."""
        self._mark = box
        self.preview_box(None)

    def preview_line(self, line: NDArray[np.floating], closed: bool) -> None:
        """Show the line that is being drawn, of shape (N, 2)."""
        if self.drawn is not None and len(line) > 1:
            self.drawn.show_line(line, closed and len(line) > 2)

    def hide_drawn(self, hidden: bool) -> None:
        """Leave the frame bare of boxes and lines for a while, or no more."""
        if self.drawn is not None:
            self.drawn.hide_all(hidden)

    def close(self) -> None:
        """Let go of the camera."""
        self._zoomed.stop()
        self._stop()
        self._camera.events.zoom.disconnect(self._on_zoom)
        self._stack.placement.moved.disconnect(self._on_moved)
        if self.drawn is not None and isalive(self.drawn):
            self.drawn.close_down()
            self.drawn.setParent(None)
            self.drawn.deleteLater()

    def clear(self) -> None:
        """Take the layer away."""
        self._stack.remove(self.points)
        self.points = None
        self.preview_box(None)

    def forget(self, layer: object) -> None:
        """Take note that somebody deleted a layer."""
        if layer is self.points:
            self.points = None

    def _on_draft(self, draft: Draft) -> None:
        if draft.is_empty:
            self.show_soon()
        else:
            self._after_the_answer()

    def _stop(self) -> None:
        self._after_the_answer.stop()
        self._next.stop()

    def _show(self) -> None:
        self._stop()
        if self._session is not None:
            self._show_draft(self._session.draft)

    def _show_draft(self, draft: Draft) -> None:
        if self.points is None:
            return
        places = np.array([(c.row, c.column) for c in draft.clicks]).reshape(-1, 2)
        if len(places) or len(self.points.data):
            self.points.data = places
        if len(places):
            self.points.face_color = [
                POSITIVE if click.positive else NEGATIVE for click in draft.clicks
            ]
            self.points.size = self._point_size()
            self.points.selected_data = set()
        self.preview_box(None)

    def _point_size(self) -> float:
        # Points are measured in pixels of the frame; a lesion of a large frame that
        # somebody zoomed in on must not vanish under its click.
        return POINT_ON_SCREEN / max(float(self._camera.zoom), 1e-3)

    def _on_moved(self) -> None:
        if self.drawn is not None and isalive(self.drawn):
            self.drawn.update()

    def _on_zoom(self, _event: object) -> None:
        self._zoomed.start()

    def _fit(self) -> None:
        """Keep points as large as they are on the screen."""
        if self.points is not None and len(self.points.data):
            self.points.size = self._point_size()
