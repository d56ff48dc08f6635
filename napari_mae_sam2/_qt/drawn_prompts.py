"""Boxes, scribbles and lassos over the canvas, while they are drawn and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF

from napari_mae_sam2._qt.canvas_overlay import CanvasOverlay
from napari_mae_sam2._qt.view.canvas_geometry import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2.annotate.draft import Box

PENS = (QPen(QColor(0, 0, 0, 140), 4), QPen(QColor("#facc15"), 2))
"""A dark edge: a yellow line alone is lost on late leakage."""


class DrawnPrompts(CanvasOverlay):
    """Draws boxes, or one line, over the case.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose camera is followed.
    canvas : QWidget
        The widget that it lies on.
    """

    def __init__(self, viewer: napari.Viewer, canvas: QWidget) -> None:
        super().__init__(viewer, canvas)
        self.boxes: tuple[Box, ...] = ()
        self.line: NDArray[np.floating] | None = None
        self._closed = False
        self._is_bare = False
        self.hide()

    def show_boxes(self, boxes: Sequence[Box]) -> None:
        """Show boxes in the place of what was there; none of them shows nothing."""
        if self.line is not None or self.boxes != tuple(boxes):
            self.boxes, self.line = tuple(boxes), None
            self._refresh()

    def show_line(self, line: NDArray[np.floating], closed: bool) -> None:
        """Show a line of (row, column) places, of shape (N, 2)."""
        self.boxes, self.line, self._closed = (), line, closed
        self._refresh()

    def hide_all(self, hidden: bool) -> None:
        """Leave the frame bare for a while, or no more."""
        self._is_bare = hidden
        self._refresh()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw in the view of the case itself."""
        views = cells(self._viewer)
        if not views:
            return
        cell = views[0]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(cell.area)
        for pen in PENS:
            painter.setPen(pen)
            for box in self.boxes:
                painter.drawPolygon(
                    cell.rectangle(box.top, box.left, box.bottom, box.right)
                )
            if self.line is not None:
                places = QPolygonF([cell.on_canvas(*place) for place in self.line])
                if self._closed:
                    painter.drawPolygon(places)
                else:
                    painter.drawPolyline(places)
        painter.end()

    def _refresh(self) -> None:
        something = bool(self.boxes) or self.line is not None
        self.setVisible(something and not self._is_bare)
        self.update()
