"""What every round brought: two answers in words, and small plots over the rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_mae_sam2._qt.curve import DICE
from napari_mae_sam2.annotate.round_history import Point, Series, remark, series

if TYPE_CHECKING:
    from napari_mae_sam2.study.round_results import StudyRounds

NOTHING = "Plots stand here after the first round."
HEIGHT, TOP, BOTTOM, SIDE = 92, 24, 20, 14


class HistoryPanel(QWidget):
    """Shows the rounds of a study.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(NOTHING)
        self.words.setWordWrap(True)
        self.plots: list[HistoryPlot] = []
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.words)

    def show_rounds(self, stands: StudyRounds | None) -> None:
        """Show the rounds of a study; None where they are not known."""
        shown = [] if stands is None else series(stands.rows)
        while len(self.plots) < len(shown):
            plot = HistoryPlot()
            self._column.addWidget(plot)
            self.plots.append(plot)
        for plot, one in zip(self.plots, shown, strict=False):
            plot.show_series(one)
        for number, plot in enumerate(self.plots):
            plot.setVisible(number < len(shown))
        said = () if stands is None else (*stands.answers, remark(stands.rows))
        self.words.setText("\n".join(filter(None, said)) if shown else NOTHING)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Let the words keep the room that they need at this width."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        # A section is as high as its panel is at its favourite width, which is wider.
        words = self.words
        words.setMinimumHeight(words.heightForWidth(max(words.width(), 200)))


class HistoryPlot(QWidget):
    """One figure by round, with its interval where there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.series: Series | None = None
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_series(self, one: Series) -> None:
        """Show a figure."""
        self.series = one
        last = one.points[-1]
        within = (
            ""
            if last.low is None or last.high is None
            else f" ({last.low:.{one.digits}f} to {last.high:.{one.digits}f})"
        )
        self.setToolTip(f"Round {last.round}: {last.value:.{one.digits}f}{within}")
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the plot in the colours of the theme."""
        one = self.series
        if one is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        faint = QColor(text)
        faint.setAlpha(70)
        area = QRectF(SIDE, TOP, self.width() - 2 * SIDE, HEIGHT - TOP - BOTTOM)
        painter.setPen(QPen(faint, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(text)
        last = one.points[-1]
        whole = QRectF(0, 0, self.width(), TOP - 8)
        painter.drawText(whole, Qt.AlignmentFlag.AlignLeft, one.title)
        painter.drawText(
            whole, Qt.AlignmentFlag.AlignRight, f"{last.value:.{one.digits}f}"
        )
        places = [self._place(area, point.round, point.value) for point in one.points]
        colour = QColor(DICE)
        for point in one.points:
            self._draw_interval(painter, area, point, colour)
        painter.setPen(QPen(colour, 2))
        painter.drawPolyline(QPolygonF(places))
        painter.setBrush(colour)
        for place in places:
            painter.drawEllipse(place, 3, 3)
        painter.setPen(text)
        for point, place in zip(one.points, places, strict=True):
            if point.round in (one.points[0].round, last.round):
                below = QRectF(place.x() - 30, area.bottom() + 2, 60, BOTTOM - 2)
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"{point.round}")
        painter.end()

    def _draw_interval(
        self, painter: QPainter, area: QRectF, point: Point, colour: QColor
    ) -> None:
        if point.low is None or point.high is None:
            return
        painter.setPen(QPen(colour, 1.5))
        low, high = (
            self._place(area, point.round, end) for end in (point.low, point.high)
        )
        painter.drawLine(low, high)
        for end in (low, high):
            painter.drawLine(end - QPointF(3, 0), end + QPointF(3, 0))

    def _place(self, area: QRectF, number: int, value: float) -> QPointF:
        assert self.series is not None
        points = self.series.points
        first, wide = points[0].round, max(1, points[-1].round - points[0].round)
        share = min(max(value / self.series.top, 0.0), 1.0)
        x = area.left() + (number - first) / wide * area.width()
        if len(points) == 1:
            x = area.center().x()
        return QPointF(x, area.bottom() - share * area.height())
