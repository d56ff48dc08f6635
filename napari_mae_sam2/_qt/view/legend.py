"""What colours mean, in one line: on the canvas and in a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_mae_sam2.annotate.overlay_picture import PARTS, RAMPS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

GAP = 10
INDENT = 5
"""As far as napari's style moves the text of a label to the right."""
SWATCH, RAMP = 12, 72
"""Pixels across."""
TEXT_ON_DARK, DARK = QColor("white"), QColor(0, 0, 0, 170)
EDGE = QColor(128, 128, 128)
SHADES = 9


@dataclass(frozen=True, slots=True)
class Entry:
    """Some words, and the colour or the row of colours that stands for them.

    Attributes
    ----------
    words : str
    colours : tuple of str
        None for words alone.
    line : bool
        True where it is drawn as an outline.
    bold : bool
    """

    words: str
    colours: tuple[str, ...] = ()
    line: bool = False
    bold: bool = False


def entries_of(kind: Kind) -> tuple[Entry, ...]:
    """Say what the colours of an overlay mean."""
    if kind is Kind.AGAINST_LABEL:
        return tuple(Entry(words, (colour,)) for words, colour in PARTS)
    if kind in RAMPS:
        table = RAMPS[kind][np.linspace(0, 255, SHADES).round().astype(int), :3]
        shades = tuple(QColor(*(int(v) for v in row)).name() for row in table)
        least, most = ("0", "100 %")
        if kind is Kind.UNCERTAINTY:
            least, most = "sure", "unsure"
        return Entry(least), Entry(most, shades)
    return ()


def width_of(entries: Sequence[Entry], painter: QPainter) -> float:
    """Measure the line in pixels."""
    total = 0.0
    for entry in entries:
        _choose_font(painter, entry)
        total += painter.fontMetrics().horizontalAdvance(entry.words) + GAP
        total += _mark_width(entry)
    return total - GAP


def draw(entries: Sequence[Entry], painter: QPainter, at: QRectF, ink: QColor) -> None:
    """Draw the line from the left of a rectangle, in the middle of its height."""
    x = at.left()
    for entry in entries:
        _choose_font(painter, entry)
        across = _mark_width(entry)
        if entry.colours:
            _draw_mark(entry, painter, x, at.center().y(), across - GAP / 2)
        x += across
        words = painter.fontMetrics().horizontalAdvance(entry.words)
        painter.setPen(ink)
        painter.drawText(
            QRectF(x, at.top(), words + 1, at.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            entry.words,
        )
        x += words + GAP


def draw_on_canvas(
    entries: Sequence[Entry], painter: QPainter, left: float, top: float
) -> None:
    """Draw the line on a dark plate."""
    painter.save()
    width = width_of(entries, painter)
    height = painter.fontMetrics().height() + 6
    plate = QRectF(left, top, width + 14, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(DARK)
    painter.drawRoundedRect(plate, 3, 3)
    draw(entries, painter, plate.adjusted(7, 0, 0, 0), TEXT_ON_DARK)
    painter.restore()


class Legend(QWidget):
    """The line in a panel, in the colours of the theme.

    Parameters
    ----------
    parent : QWidget, optional
        The panel.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show other entries; without any there is nothing to be seen."""
        self.entries = entries
        self.setAccessibleName(", ".join(entry.words for entry in entries))
        self.setVisible(bool(entries))
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Keep one line, also where the tab scrolls."""
        return QSize(44, self.fontMetrics().height() + 4)

    def sizeHint(self) -> QSize:
        """Ask for one line."""
        return self.minimumSizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(self.foregroundRole())
        draw(self.entries, painter, QRectF(self.rect()).adjusted(INDENT, 0, 0, 0), ink)
        painter.end()


def _choose_font(painter: QPainter, entry: Entry) -> None:
    font = painter.font()
    font.setBold(entry.bold)
    painter.setFont(font)


def _mark_width(entry: Entry) -> float:
    if not entry.colours:
        return 0.0
    return (SWATCH if len(entry.colours) == 1 else RAMP) + GAP / 2


def _draw_mark(
    entry: Entry, painter: QPainter, x: float, middle: float, across: float
) -> None:
    box = QRectF(x, middle - SWATCH / 2, across, SWATCH)
    if entry.line:
        painter.setPen(QPen(QColor(entry.colours[0]), 3))
        painter.drawLine(QPointF(x, middle), QPointF(x + across, middle))
        return
    gradient = QLinearGradient(box.topLeft(), box.topRight())
    shades = entry.colours if len(entry.colours) > 1 else entry.colours * 2
    for number, colour in enumerate(shades):
        gradient.setColorAt(number / (len(shades) - 1), QColor(colour))
    painter.setPen(QPen(EDGE, 1))
    painter.setBrush(gradient)
    painter.drawRect(box)
