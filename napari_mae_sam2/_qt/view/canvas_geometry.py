"""Where a pixel of the frame lies on the canvas, with one view or several side by side.

napari gives every view of its grid the same camera, centred in that view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF

if TYPE_CHECKING:
    import napari


@dataclass(frozen=True, slots=True)
class Cell:
    """One view of the canvas.

    Attributes
    ----------
    place : tuple of int
        Row and column in napari's grid; (0, 0) where there is no grid.
    area : QRectF
        In pixels of the canvas.
    center : tuple of float
        (row, column) of the frame in the middle of it.
    zoom : float
        Pixels of the canvas for one of the frame.
    """

    place: tuple[int, int]
    area: QRectF
    center: tuple[float, float]
    zoom: float

    def on_canvas(self, row: float, column: float) -> QPointF:
        """Give the place on the canvas of a place in the frame."""
        middle = self.area.center()
        return QPointF(
            middle.x() + (column - self.center[1]) * self.zoom,
            middle.y() + (row - self.center[0]) * self.zoom,
        )

    def visible(self) -> tuple[float, float, float, float]:
        """Give what is seen as (top, left, bottom, right) in pixels of the frame."""
        down, across = (
            self.area.height() / 2 / self.zoom,
            self.area.width() / 2 / self.zoom,
        )
        row, column = self.center
        return row - down, column - across, row + down, column + across


def cells(viewer: napari.Viewer) -> list[Cell]:
    """List the views of a canvas."""
    camera, canvas = viewer.scene.camera, viewer.canvas
    row, column = (float(value) for value in camera.center[-2:])
    height, width = (float(side) for side in canvas.size)
    rows, columns = canvas.grid.actual_shape(viewer.layers)
    cell_height, cell_width = (float(s) for s in canvas.viewbox_size(viewer.layers))
    gap_y = (height - rows * cell_height) / max(1, rows - 1)
    gap_x = (width - columns * cell_width) / max(1, columns - 1)
    return [
        Cell(
            (y, x),
            QRectF(
                x * (cell_width + gap_x),
                y * (cell_height + gap_y),
                cell_width,
                cell_height,
            ),
            (row, column),
            float(camera.zoom),
        )
        for y in range(rows)
        for x in range(columns)
    ]
