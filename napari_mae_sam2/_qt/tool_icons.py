"""Pictures for the buttons of the tools: napari's own, in the colour of the theme."""

from __future__ import annotations

from napari.resources import get_colorized_svg, get_icon_path
from qtpy.QtCore import QByteArray, QPointF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF
from qtpy.QtSvg import QSvgRenderer

SIDE = 24
"""Pixels of a picture at the usual scale; drawn twice as large for sharp screens."""


def tool_icon(name: str, colour: str, spark: bool = False) -> QIcon:
    """Draw the picture of a tool.

    Parameters
    ----------
    name : str
        Of one of napari's icons, such as "paint".
    colour : str
        As "#d1d2d4".
    spark : bool
        True for a tool that helps: a small star is added at the top right.
    """
    picture = QPixmap(2 * SIDE, 2 * SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    svg = get_colorized_svg(get_icon_path(name), colour)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    if spark:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawPolygon(_star(QPointF(37, 11), 11))
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)


def _star(middle: QPointF, size: float) -> QPolygonF:
    """Give a star of four rays."""
    short = size / 4
    steps = ((0, -size), (short, -short), (size, 0), (short, short))
    half = [QPointF(x, y) for x, y in steps]
    whole = [*half, *(QPointF(-p.x(), -p.y()) for p in half)]
    return QPolygonF([middle + point for point in whole])
