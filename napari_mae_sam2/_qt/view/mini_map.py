"""A small picture of the whole frame over the canvas, with what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_mae_sam2._qt.view.canvas_geometry import cells

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
        self.wanted = True
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to go there (Y hides it)")
        self.setAccessibleName("Mini-map")
        camera = viewer.scene.camera
        camera.events.center.connect(self._on_camera)
        camera.events.zoom.connect(self._on_camera)
        viewer.canvas.events.size.connect(self._on_camera)
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
        cell = cells(self._viewer)[0]
        self._fit(cell.area)
        self.setVisible(
            self.wanted and self._picture is not None and not self._all_seen()
        )
        self.update()

    def close_down(self) -> None:
        """Let go of the viewer."""
        camera = self._viewer.scene.camera
        camera.events.center.disconnect(self._on_camera)
        camera.events.zoom.disconnect(self._on_camera)
        self._viewer.canvas.events.size.disconnect(self._on_camera)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the frame and a rectangle around what is seen of it."""
        if self._picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._picture)
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
        top, left, bottom, right = cells(self._viewer)[0].visible()
        down, across = self.height() / self._shape[0], self.width() / self._shape[1]
        # Pixel (0, 0) of the frame has its centre at 0.
        return QRectF(
            (left + 0.5) * across,
            (top + 0.5) * down,
            (right - left) * across,
            (bottom - top) * down,
        )

    def _fit(self, area: QRectF) -> None:
        """Lie in the upper right corner of the view of the case."""
        height, width = self._shape
        side = min(max(SHARE * min(area.width(), area.height()), SHORTEST), LONGEST)
        factor = side / max(height, width)
        self.resize(max(24, round(width * factor)), max(24, round(height * factor)))
        self.move(
            round(area.right()) - self.width() - MARGIN, round(area.top()) + MARGIN
        )

    def _all_seen(self) -> bool:
        top, left, bottom, right = cells(self._viewer)[0].visible()
        height, width = self._shape
        inside = top <= 0 and left <= 0
        return inside and bottom >= height - 1 and right >= width - 1

    def _go(self, at: QPointF) -> None:
        height, width = self._shape
        row = at.y() / self.height() * height - 0.5
        column = at.x() / self.width() * width - 0.5
        camera = self._viewer.scene.camera
        camera.center = (
            camera.center[0],
            min(max(row, 0.0), height - 1.0),
            min(max(column, 0.0), width - 1.0),
        )

    def _on_camera(self, _event: object = None) -> None:
        self.refresh()


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
