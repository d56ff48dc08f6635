"""What is drawn over the canvas: outlines, grid, scale bar, names, a second cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_mae_sam2._qt.canvas_overlay import CanvasOverlay
from napari_mae_sam2._qt.view.canvas_geometry import Cell, cells, frame_place
from napari_mae_sam2._qt.view.legend import draw_on_canvas
from napari_mae_sam2._qt.view.outlines import outline_image
from napari_mae_sam2._qt.view.rulers import round_length

if TYPE_CHECKING:
    import napari
    from qtpy.QtGui import QPaintEvent
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.view.legend import Entry
    from napari_mae_sam2._qt.view.outlines import Outlined
    from napari_mae_sam2.fa.scale import PixelScale

GRID = QColor(125, 211, 252, 110)
INK, PAPER = QColor("white"), QColor(0, 0, 0, 150)
CROSS = QColor("#facc15")
MARGIN = 14
BAR_PIXELS = 180
"""Longest scale bar on the screen."""
GRID_PIXELS = 150
"""Widest mesh of the grid on the screen."""


class Overlay(CanvasOverlay):
    """Draws over a canvas.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose camera and cursor are followed.
    canvas : QWidget
        The widget that it lies on.
    """

    def __init__(self, viewer: napari.Viewer, canvas: QWidget) -> None:
        super().__init__(viewer, canvas)
        self.grid = False
        self.scale_bar = False
        self.shape: tuple[int, int] | None = None
        """(H, W) of the frame; None where there is none."""
        self.scale: PixelScale | None = None
        self.names: tuple[str, ...] = ()
        """Names of the frames that stand side by side; empty where one stands alone."""
        self.outlined: tuple[Outlined, ...] = ()
        """Labels that are drawn as outlines."""
        self.outline_opacity = 1.0
        self.legend: tuple[Entry, ...] = ()
        """What colours over the frame mean."""
        viewer.cursor.events.position.connect(self._on_cursor)

    def refresh(self) -> None:
        """Draw again, or not at all where there is nothing to draw."""
        lists = self.names, self.outlined, self.legend
        something = self.grid or self.scale_bar or any(lists)
        self.setVisible(something and self.shape is not None)
        self.update()

    def close_down(self) -> None:
        """Let go of the viewer."""
        super().close_down()
        self._viewer.cursor.events.position.disconnect(self._on_cursor)

    def _on_cursor(self, _event: object = None) -> None:
        if self.names:
            self._redraw()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw what is asked for, in every view."""
        if self.shape is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        views = cells(self._viewer)
        for index, cell in enumerate(views):
            painter.save()
            painter.setClipRect(cell.area)
            if cell.place == (0, 0):  # the case itself
                for layer in self.outlined:
                    drawn = outline_image(layer, cell, self.outline_opacity)
                    if drawn is not None:
                        painter.drawImage(cell.area.topLeft(), drawn)
            if self.grid:
                self._draw_grid(painter, cell)
            if self.names:
                self._draw_name(painter, cell, index)
                self._draw_cross(painter, cell)
            painter.restore()
        if self.legend and views:
            top = views[0].area.top() + (36 if self.names else 8)
            left = views[0].area.left() + MARGIN
            draw_on_canvas(self.legend, painter, left, top)
        if self.scale_bar and views:
            self._draw_scale_bar(painter, views[0])
        painter.end()

    def _draw_grid(self, painter: QPainter, cell: Cell) -> None:
        assert self.shape is not None
        step = round_length(GRID_PIXELS / cell.zoom, self.scale)
        height, width = self.shape
        painter.setPen(QPen(GRID, 1))
        # From the corner of the frame, so that the mesh stays where it is.
        for number in range(int(height / step.pixels) + 1):
            row = number * step.pixels - 0.5
            left, right = cell.on_canvas(row, -0.5), cell.on_canvas(row, width - 0.5)
            painter.drawLine(left, right)
        for number in range(int(width / step.pixels) + 1):
            column = number * step.pixels - 0.5
            top = cell.on_canvas(-0.5, column)
            painter.drawLine(top, cell.on_canvas(height - 0.5, column))
        if cell.place == (0, 0):
            self._write(
                painter, f"Grid {step.text}", cell.area.adjusted(0, 0, -MARGIN, 0), True
            )

    def _draw_scale_bar(self, painter: QPainter, cell: Cell) -> None:
        length = round_length(BAR_PIXELS / cell.zoom, self.scale)
        across = length.pixels * cell.zoom
        x, y = cell.area.left() + MARGIN, cell.area.bottom() - MARGIN
        for colour, width in ((PAPER, 6), (INK, 2)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, y), QPointF(x + across, y))
        source = "" if self.scale is None else f"   scale from {self.scale.source}"
        area = QRectF(x, y - 30, cell.area.width() - MARGIN, 24)
        self._write(painter, length.text + source, area, False)

    def _draw_name(self, painter: QPainter, cell: Cell, index: int) -> None:
        if index < len(self.names):
            area = QRectF(
                cell.area.left() + MARGIN,
                cell.area.top() + 6,
                cell.area.width() - 2 * MARGIN,
                24,
            )
            words = painter.fontMetrics().elidedText(
                self.names[index],
                Qt.TextElideMode.ElideMiddle,
                int(area.width()) - 12,
            )
            self._write(painter, words, area, False)

    def _draw_cross(self, painter: QPainter, cell: Cell) -> None:
        # The view with the mouse in it shows the mouse.
        if self._viewer.cursor.viewbox == cell.place:
            return
        row, column = frame_place(self._viewer, self._viewer.cursor.position)
        at = cell.on_canvas(row, column)
        for colour, width in ((PAPER, 4), (CROSS, 1.5)):
            painter.setPen(QPen(colour, width))
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                near, far = QPointF(5 * dx, 5 * dy), QPointF(22 * dx, 22 * dy)
                painter.drawLine(at + near, at + far)

    def _write(self, painter: QPainter, words: str, area: QRectF, right: bool) -> None:
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(words) + 10, metrics.height() + 4
        x = area.right() - width if right else area.left()
        y = area.bottom() - MARGIN - height if right else area.top()
        box = QRectF(x, y, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PAPER)
        painter.drawRoundedRect(box, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(INK)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
