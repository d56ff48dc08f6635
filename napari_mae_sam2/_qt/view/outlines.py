"""Outlines of labels in pixels of the screen.

napari's own contours are as thick as so many pixels of the frame: too thin to see on a
large frame, too thick to judge an edge close by, and slow on both. Here what is on
the screen is looked up in the labels and edges are found there, so that it takes the
same few milliseconds for a frame of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qtpy.QtGui import QColor, QImage

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.view.canvas_geometry import Cell

STRAIGHT = 1e-6
"""Pixels of the frame that an axis may be off over the whole canvas."""


class Outlined(Protocol):
    """Labels that lie over a frame, to be drawn as outlines."""

    @property
    def data(self) -> NDArray[Any]:
        """Numbers (H, W), 0 where there is nothing."""

    @property
    def translate(self) -> Any:
        """(row, column) of the frame of its first pixel."""

    @property
    def scale(self) -> Any:
        """Pixels of the frame to one of its own, down and across."""

    def colours(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        """Give red, green, blue and alpha (N, 4), 0 to 1, of N numbers."""


class LayerOutlined:
    """A layer as it is at any time.

    Parameters
    ----------
    layer : napari.layers.Labels
    colour : str, optional
        Of all its labels, in place of the colours of its colormap.
    """

    def __init__(self, layer: Labels, colour: str = "") -> None:
        self._layer = layer
        self._colour = colour

    @property
    def data(self) -> NDArray[Any]:
        """Numbers of the layer."""
        return np.asarray(self._layer.data)

    @property
    def translate(self) -> Any:
        """As the layer has it."""
        return self._layer.translate

    @property
    def scale(self) -> Any:
        """As the layer has it."""
        return self._layer.scale

    def colours(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        """Give the one colour, or those of the colormap."""
        if self._colour:
            return one_colour(self._colour, len(numbers))
        return np.array(self._layer.colormap.map(numbers), np.float32).reshape(-1, 4)


@dataclass(frozen=True, slots=True, eq=False)
class MaskOutlined:
    """A mask of a whole frame in one colour.

    Attributes
    ----------
    data : bool array of shape (H, W)
    colour : str
    translate, scale : (float, float)
        As it lies: on the frame, pixel on pixel.
    """

    data: NDArray[np.bool_]
    colour: str
    translate: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)

    def colours(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        """Give the one colour."""
        return one_colour(self.colour, len(numbers))


def one_colour(name: str, count: int) -> NDArray[np.float32]:
    """Repeat a colour (red, green, blue, alpha)."""
    return np.tile(np.array(QColor(name).getRgbF(), np.float32), (count, 1))


def on_screen(layer: Outlined, cell: Cell) -> NDArray[Any]:
    """Look up the labels under every pixel of a view.

    Returns
    -------
    integer array of shape (height, width) of the view
        0 beside the labels.
    """
    data = layer.data
    height, width = int(cell.area.height()), int(cell.area.width())
    y = cell.area.top() + np.arange(height)[:, None] + 0.5
    x = cell.area.left() + np.arange(width)[None, :] + 0.5
    places = []
    for axis, (by_x, by_y, offset) in enumerate(cell.to_frame):
        # Of shape (height, 1) or (1, width) where the frame lies straight: fast.
        world: NDArray[Any] = np.full((1, 1), offset)
        if abs(by_x) * width > STRAIGHT:
            world = world + by_x * x
        if abs(by_y) * height > STRAIGHT:
            world = world + by_y * y
        inside = (world - layer.translate[axis]) / layer.scale[axis]
        places.append(np.floor(inside + 0.5).astype(np.int64))
    rows, columns = places
    good_rows = (rows >= 0) & (rows < data.shape[0])
    good_columns = (columns >= 0) & (columns < data.shape[1])
    if not (good_rows.any() and good_columns.any()):
        return np.zeros((height, width), data.dtype)
    seen = data[
        np.clip(rows, 0, data.shape[0] - 1), np.clip(columns, 0, data.shape[1] - 1)
    ]
    shown = np.where(good_rows & good_columns, seen, data.dtype.type(0))
    return np.broadcast_to(shown, (height, width))


def edges(shown: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the pixels of labels that touch another label or none, two pixels wide."""
    edge = np.zeros(shown.shape, bool)
    for step in (1, 2):
        differ = shown[step:] != shown[:-step]
        edge[step:] |= differ
        edge[:-step] |= differ
        differ = shown[:, step:] != shown[:, :-step]
        edge[:, step:] |= differ
        edge[:, :-step] |= differ
    return edge & (shown != 0)


def outline_image(layer: Outlined, cell: Cell, opacity: float) -> QImage | None:
    """Draw the outlines of a layer as they lie in a view.

    Parameters
    ----------
    layer : Outlined
    cell : Cell
        The view.
    opacity : float
        From 0 to 1.

    Returns
    -------
    QImage or None
        As large as the view; None where there is nothing to draw.
    """
    shown = on_screen(layer, cell)
    places = np.nonzero(edges(shown))
    if not places[0].size:
        return None
    numbers, which = np.unique(shown[places], return_inverse=True)
    colours = layer.colours(numbers)
    colours[:, 3] *= opacity
    colours[:, :3] *= colours[:, 3:]  # premultiplied, as Qt draws fastest
    picture = np.zeros((*shown.shape, 4), np.uint8)
    picture[places] = (colours[which] * 255).astype(np.uint8)[:, [2, 1, 0, 3]]
    height, width = shown.shape
    image = QImage(
        picture.tobytes(),
        width,
        height,
        4 * width,
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    return image.copy()  # the bytes are ours and go away
