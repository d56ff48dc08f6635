"""A small picture of the whole frame over the canvas, with what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform
from qtpy.QtWidgets import QWidget

from napari_mae_sam2._qt.view.canvas_geometry import (
    Cell,
    cells,
    look_at,
    view_events,
)

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QMouseEvent, QPaintEvent

LONGEST, SHORTEST, MARGIN = 160, 80, 10
SHARE = 0.28
"""Of a view's shorter side that the longer side of the mini-map takes."""
FRAME, SEEN = QColor(255, 255, 255, 90), QColor("#facc15")


class MiniMap(QWidget):
    """Shows where one is while the frame is larger than the canvas.

    A click or a drag in it moves the camera there.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose camera is followed and moved.
    canvas : QWidget
        The widget that it lies on.
    """

    def __init__(self, viewer: napari.Viewer, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self._picture: QImage | None = None
        self._shape = (1, 1)
        self._cell: Cell | None = None
        self._to_map = QTransform()
        self.wanted = True
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to go there (Y hides it)")
        self.setAccessibleName("Mini-map")
        for event in self._events():
            event.connect(self._on_camera)
        self.hide()

    def show_image(self, image: Image | None) -> None:
        """Take over the picture of a layer, as it is shown."""
        if image is None:
            self._picture = None
        else:
            self._shape = image.data.shape[0], image.data.shape[1]
            self._picture = _small(image)
        self.refresh()

    def refresh(self) -> None:
        """Show it where it is wanted and of use."""
        views = cells(self._viewer)
        self._cell = views[0] if views else None
        if self._cell is not None:
            self._fit(self._cell)
        self.setVisible(
            self.wanted
            and self._picture is not None
            and self._cell is not None
            and not self._all_seen()
        )
        self.update()

    def close_down(self) -> None:
        """Let go of the viewer."""
        for event in self._events():
            event.disconnect(self._on_camera)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the frame as it is turned, and around what is seen of it."""
        if self._picture is None:
            return
        height, width = self._shape
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(self._to_map)
        painter.drawImage(QRectF(-0.5, -0.5, width, height), self._picture)
        painter.resetTransform()
        painter.setPen(QPen(FRAME, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(QPen(SEEN, 2))
        painter.drawRect(self.seen().intersected(QRectF(self.rect())))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the place that was clicked."""
        if event is not None:
            self._go(QPointF(event.pos()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go along with the mouse."""
        if event is not None:
            self._go(QPointF(event.pos()))

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Take the second of two quick clicks as one more click."""
        self.mousePressEvent(event)

    def seen(self) -> QRectF:
        """Give what is seen of the frame, in pixels of the mini-map."""
        if self._cell is None:
            return QRectF()
        corners = [QPointF(column, row) for row, column in self._cell.corners()]
        return self._to_map.map(QPolygonF(corners)).boundingRect()

    def _events(self) -> tuple[Any, ...]:
        return *view_events(self._viewer), self._viewer.canvas.events.size

    def _fit(self, cell: Cell) -> None:
        """Lie in the upper right corner of the view of the case, turned as it is."""
        area = cell.area
        height, width = self._shape
        (xc, xr), (yc, yr) = (cell.to_canvas[:, 1::-1] / cell.zoom).tolist()
        turned = QTransform(xc, yc, xr, yr, 0, 0)
        whole = turned.mapRect(QRectF(-0.5, -0.5, width, height))
        side = min(max(SHARE * min(area.width(), area.height()), SHORTEST), LONGEST)
        factor = side / max(whole.width(), whole.height())
        size = [max(24, round(length * factor)) for length in _sides(whole)]
        self.resize(*size)
        self._to_map = (
            turned
            * QTransform.fromTranslate(-whole.left(), -whole.top())
            * QTransform.fromScale(size[0] / whole.width(), size[1] / whole.height())
        )
        self.move(
            round(area.right()) - self.width() - MARGIN, round(area.top()) + MARGIN
        )

    def _all_seen(self) -> bool:
        assert self._cell is not None
        top, left, bottom, right = self._cell.visible()
        height, width = self._shape
        inside = top <= 0 and left <= 0
        return inside and bottom >= height - 1 and right >= width - 1

    def _go(self, at: QPointF) -> None:
        height, width = self._shape
        back, _ = self._to_map.inverted()
        place = back.map(at)
        look_at(
            self._viewer,
            min(max(place.y(), 0.0), height - 1.0),
            min(max(place.x(), 0.0), width - 1.0),
        )

    def _on_camera(self, _event: object = None) -> None:
        self.refresh()


def _sides(area: QRectF) -> tuple[float, float]:
    return area.width(), area.height()


def _small(image: Image) -> QImage:
    pixels: np.ndarray[Any, Any] = image.data
    step = max(1, max(pixels.shape[:2]) // (2 * LONGEST))
    small = np.asarray(pixels[::step, ::step], np.float32)
    if image.rgb:
        unit = small / (255.0 if pixels.dtype == np.uint8 else 1.0)
    else:
        low, high = image.contrast_limits
        unit = np.clip((small - low) / (high - low), 0, 1) ** image.gamma
        if image.colormap.name == "gray_r":
            unit = 1 - unit
        unit = np.repeat(unit[..., None], 3, axis=2)
    shown = np.ascontiguousarray(np.clip(unit * 255, 0, 255).astype(np.uint8))
    height, width = shown.shape[:2]
    picture = QImage(
        shown.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
    )
    return picture.copy()  # the bytes are ours and go away
