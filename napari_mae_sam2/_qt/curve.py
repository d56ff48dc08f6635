"""A small live plot of a training round: loss falls, Dice and sensitivity rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    Points = Sequence[tuple[float, float]]

LOSS, DICE, FOUND = "#f59e0b", "#22d3ee", "#a3e635"
LEFT, RIGHT, TOP, BOTTOM = 28, 8, 28, 20


class RoundCurve(QWidget):
    """Draws training loss, Dice and found lesions of validation cases by the step.

    All share one axis from 0 to 1, so that the Dice can be read off it; a loss above
    1, as at the very start, is drawn at the top.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loss: list[tuple[float, float]] = []
        self._dice: list[tuple[float, float]] = []
        self._found: list[tuple[float, float]] = []
        self._steps = 1.0
        self.setMinimumHeight(140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Training loss; Dice and share of lesions found without a click, both on "
            "the validation cases"
        )

    @property
    def dice(self) -> Sequence[tuple[float, float]]:
        """Points (step, Dice) shown so far."""
        return tuple(self._dice)

    @property
    def loss(self) -> Sequence[tuple[float, float]]:
        """Points (step, loss) shown so far."""
        return tuple(self._loss)

    @property
    def found(self) -> Sequence[tuple[float, float]]:
        """Points (step, share of lesions found) shown so far."""
        return tuple(self._found)

    def show_points(
        self, loss: Points, dice: Points, found: Points, steps: float
    ) -> None:
        """Show all that is known, of so many steps."""
        self._loss, self._dice, self._found = list(loss), list(dice), list(found)
        self._steps = max(1.0, steps)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the plot in the colours of the theme."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        faint = QColor(text)
        faint.setAlpha(70)
        area = QRectF(
            LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM
        )
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            painter.drawText(
                QRectF(0, y - 9, LEFT - 5, 18),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                f"{share:g}",
            )
        self._draw(painter, area, self._loss, LOSS)
        self._draw(painter, area, self._found, FOUND)
        self._draw(painter, area, self._dice, DICE)
        self._write_legend(painter, area, text)
        painter.end()

    def _draw(
        self,
        painter: QPainter,
        area: QRectF,
        points: Sequence[tuple[float, float]],
        colour: str,
    ) -> None:
        places = [
            QPointF(
                area.left() + step / self._steps * area.width(),
                area.bottom() - min(max(value, 0.0), 1.0) * area.height(),
            )
            for step, value in points
        ]
        painter.setPen(QPen(QColor(colour), 2))
        painter.drawPolyline(QPolygonF(places))
        if places:
            painter.setBrush(QColor(colour))
            painter.drawEllipse(places[-1], 3, 3)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _write_legend(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        parts = (
            (LOSS, "loss", self._loss),
            (DICE, "Dice", self._dice),
            (FOUND, "found", self._found),
        )
        x = 4.0
        for colour, name, points in parts:
            words = f"{name} {points[-1][1]:.2f}" if points else name
            painter.setPen(QPen(QColor(colour), 3))
            painter.drawLine(QPointF(x, 11), QPointF(x + 14, 11))
            painter.setPen(text)
            painter.drawText(QPointF(x + 19, 15), words)
            x += 19 + painter.fontMetrics().horizontalAdvance(words) + 18
        painter.drawText(
            QRectF(area.left(), area.bottom() + 3, area.width(), 16),
            Qt.AlignmentFlag.AlignRight,
            f"step {self._last_step():.0f} of {self._steps:.0f}",
        )

    def _last_step(self) -> float:
        return max((step for step, _ in (*self._loss, *self._dice)), default=0.0)
