"""Where a pixel of the frame lies on the canvas, with one view or several side by side.

napari gives every view of its grid the same camera, centred in that view. Between the
frame and the canvas lie the affine of the frame's layer, the order of the axes, and
the camera with the directions in which its axes point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QPolygonF

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    from numpy.typing import NDArray

MARGIN = 0.95
"""Of the canvas that a frame takes when all of it is brought into view."""

_AFFINES: WeakKeyDictionary[Any, NDArray[np.float64]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One view of the canvas.

    Attributes
    ----------
    place : tuple of int
        Row and column in napari's grid; (0, 0) where there is no grid.
    area : QRectF
        In pixels of the canvas.
    to_canvas : float array of shape (2, 3)
        Gives (x, y) on the canvas of (row, column, 1) of the frame.
    """

    place: tuple[int, int]
    area: QRectF
    to_canvas: NDArray[np.float64]

    @property
    def zoom(self) -> float:
        """Pixels of the canvas for one of the frame."""
        return float(np.sqrt(abs(np.linalg.det(self.to_canvas[:, :2]))))

    @property
    def to_frame(self) -> NDArray[np.float64]:
        """Gives (row, column) of (x, y, 1) on the canvas, of shape (2, 3)."""
        linear = np.linalg.inv(self.to_canvas[:, :2])
        return np.column_stack([linear, -linear @ self.to_canvas[:, 2]])

    def on_canvas(self, row: float, column: float) -> QPointF:
        """Give the place on the canvas of a place in the frame."""
        x, y = self.to_canvas @ (row, column, 1.0)
        return QPointF(float(x), float(y))

    def on_frame(self, x: float, y: float) -> tuple[float, float]:
        """Give (row, column) of the frame of a place on the canvas."""
        row, column = self.to_frame @ (x, y, 1.0)
        return float(row), float(column)

    def corners(self) -> list[tuple[float, float]]:
        """Give (row, column) of the corners of what is seen, one after the other."""
        area = self.area
        places = area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft()
        return [self.on_frame(place.x(), place.y()) for place in places]

    def visible(self) -> tuple[float, float, float, float]:
        """Give what is seen as (top, left, bottom, right) in pixels of the frame."""
        rows, columns = zip(*self.corners(), strict=True)
        return min(rows), min(columns), max(rows), max(columns)

    def rectangle(
        self, top: float, left: float, bottom: float, right: float
    ) -> QPolygonF:
        """Give a rectangle of the frame as it lies on the canvas."""
        places = (top, left), (top, right), (bottom, right), (bottom, left)
        return QPolygonF([self.on_canvas(*place) for place in places])


def set_affine(viewer: napari.Viewer, affine: NDArray[np.float64]) -> None:
    """Say how the frame lies in the world of a viewer, as a matrix of shape (3, 3)."""
    _AFFINES[viewer] = np.array(affine, np.float64)


def frame_affine(viewer: napari.Viewer) -> NDArray[np.float64]:
    """Give how the frame lies in the world of a viewer, as a matrix of shape (3, 3)."""
    return _AFFINES.get(viewer, np.eye(3))


def view_events(viewer: napari.Viewer) -> tuple[Any, ...]:
    """List the events after which the frame may lie elsewhere on the canvas.

    That its layer was turned is told by `Placement.moved`.
    """
    camera, dims = viewer.scene.camera.events, viewer.dims.events
    return camera.center, camera.zoom, camera.orientation, dims.order, dims.ndisplay


def to_shown(viewer: napari.Viewer) -> NDArray[np.float64] | None:
    """Give the matrix from the frame to the two axes that are shown.

    Returns
    -------
    float array of shape (2, 3) or None
        Gives (down, across) of (row, column, 1); None where the frame is not seen as a
        picture: in 3-D, or while other axes of a stack are shown.
    """
    shown = [axis - (viewer.dims.ndim - 2) for axis in viewer.dims.displayed]
    if viewer.dims.ndisplay != 2 or sorted(shown) != [0, 1]:
        return None
    return frame_affine(viewer)[shown]


def cells(viewer: napari.Viewer) -> list[Cell]:
    """List the views of a canvas; none where the frame is not seen as a picture."""
    linear = to_shown(viewer)
    if linear is None:
        return []
    camera, canvas = viewer.scene.camera, viewer.canvas
    vertical, horizontal = (str(way) for way in camera.orientation[-2:])
    down = float(camera.zoom) * (1.0 if vertical == "down" else -1.0)
    across = float(camera.zoom) * (1.0 if horizontal == "right" else -1.0)
    offset = linear[:, 2] - np.asarray(camera.center[-2:], np.float64)
    height, width = (float(side) for side in canvas.size)
    rows, columns = canvas.grid.actual_shape(viewer.layers)
    cell_height, cell_width = (float(s) for s in canvas.viewbox_size(viewer.layers))
    gap_y = (height - rows * cell_height) / max(1, rows - 1)
    gap_x = (width - columns * cell_width) / max(1, columns - 1)
    found = []
    for y in range(rows):
        for x in range(columns):
            left, top = x * (cell_width + gap_x), y * (cell_height + gap_y)
            area = QRectF(left, top, cell_width, cell_height)
            middle = area.center()
            to_canvas = np.array(
                [
                    [*(across * linear[1, :2]), middle.x() + across * offset[1]],
                    [*(down * linear[0, :2]), middle.y() + down * offset[0]],
                ]
            )
            found.append(Cell((y, x), area, to_canvas))
    return found


def frame_place(
    viewer: napari.Viewer, position: Sequence[float]
) -> tuple[float, float]:
    """Give (row, column) of the frame of a place in the world, such as the cursor's."""
    affine = np.linalg.inv(frame_affine(viewer))
    row, column, _ = affine @ (*position[-2:], 1.0)
    return float(row), float(column)


def look_at(viewer: napari.Viewer, row: float, column: float) -> None:
    """Bring a place of the frame into the middle of the canvas."""
    linear = to_shown(viewer)
    if linear is not None:
        center = viewer.scene.camera.center
        down, across = linear @ (row, column, 1.0)
        viewer.scene.camera.center = (*center[:-2], float(down), float(across))


def fit(viewer: napari.Viewer, boxes: Sequence[tuple[float, ...]]) -> None:
    """Bring rectangles (top, left, bottom, right) of the frame into view, all of them.

    napari's own way of doing it fails for a frame among layers of more dimensions.
    """
    linear = to_shown(viewer)
    if linear is None or not boxes:
        return
    tops, lefts, bottoms, rights = (np.array(side) for side in zip(*boxes, strict=True))
    corners = [
        linear @ (row, column, 1.0)
        for row in (tops.min(), bottoms.max())
        for column in (lefts.min(), rights.max())
    ]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    camera, size = viewer.scene.camera, viewer.canvas.viewbox_size(viewer.layers)
    down, across = (low + high) / 2
    camera.center = (*camera.center[:-2], float(down), float(across))
    camera.zoom = float(MARGIN * np.min(np.array(size, np.float64) / (high - low)))
