"""Old against new on the test cases of a round, in a window of its own.

It only shows: nothing that a grader has open changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import (
    QColor,
    QIcon,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QGraphicsPathItem,
    QGraphicsScene,
    QGraphicsView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2.annotate.blinding import HIDDEN
from napari_mae_sam2.annotate.keeping import sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.old_new import LABEL, NEW, OLD, Seen, look_at, short_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtpy.QtGui import QWheelEvent

    from napari_mae_sam2.study.round_results import ChangedCase, RoundResult

COLOURS = {LABEL: "#ffffff", OLD: "#e69f00", NEW: "#56b4e9"}
# white, and orange and sky blue of Okabe and Ito 2008
WORDS = {LABEL: "Label", OLD: "Old model", NEW: "New model"}


class OldNewWindow(QWidget):
    """Lists the test cases, the worst change first, and shows one of them.

    Parameters
    ----------
    post : callable
        Runs a function on the GUI thread.
    parent : QWidget
        The dock, with which it goes.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Old against new")
        self.resize(1000, 640)
        self._result: tuple[Path, RoundResult] | None = None
        self._is_blinded: Callable[[], bool] = lambda: False
        self._cases: tuple[ChangedCase, ...] = ()
        self._looker = LatestWins[str, Seen](
            lambda case, _cancelled: self._look(case),
            lambda outcome: post(lambda: self._show(outcome)),
            "look at a test case",
        )
        self.table = QTableWidget(0, 4)
        self.table.setHorizontalHeaderLabels(["Case", "Old", "New", "Change"])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setMinimumWidth(330)
        self.table.setToolTip("The worst change first; a share of the field for frames "
                              "without leakage")  # fmt: skip
        rows, head = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert head is not None
        rows.hide()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.picture = _Picture()
        self.words = QLabel()
        self.boxes: dict[str, QCheckBox] = {}
        legend = QHBoxLayout()
        for name, words in WORDS.items():
            box = QCheckBox(words)
            box.setChecked(True)
            box.setIcon(_swatch(COLOURS[name]))
            box.toggled.connect(self._switch)
            self.boxes[name] = box
            legend.addWidget(box)
        legend.addStretch(1)
        legend.addWidget(self.words)
        right = QVBoxLayout()
        right.addLayout(legend)
        right.addWidget(self.picture, 1)
        layout = QHBoxLayout(self)
        layout.addWidget(self.table)
        layout.addLayout(right, 1)
        self.table.currentCellChanged.connect(lambda row, *_: self._choose(row))

    def show_result(
        self, study: Path, result: RoundResult, is_blinded: Callable[[], bool]
    ) -> None:
        """List the test cases of a round and show the first.

        Parameters
        ----------
        study : Path
            Study folder.
        result : RoundResult
        is_blinded : callable
            Tells whether the labels must be kept back; slow.
        """
        self._result, self._is_blinded = (study, result), is_blinded
        self._cases = result.cases
        self.setWindowTitle(f"Old against new · round {result.number}")
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._cases))
        for row, case in enumerate(self._cases):
            for column, text in enumerate(_cells(case)):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                else:
                    item.setToolTip(case.case)
                self.table.setItem(row, column, item)
        self.table.setCurrentCell(0, 0)
        self.table.blockSignals(False)
        self._choose(0)

    def close_down(self) -> None:
        """Stop reading, for good."""
        self._looker.close()
        self.close()

    def _choose(self, row: int) -> None:
        self.picture.clear()
        if 0 <= row < len(self._cases):
            self.words.setText("Reading…")
            self._looker.submit(self._cases[row].case)
        else:
            self.words.setText("This round kept no answers.")

    def _look(self, case: str) -> Seen:
        assert self._result is not None
        return look_at(*self._result, case, self._is_blinded())

    def _show(self, outcome: Outcome[str, Seen]) -> None:
        if not self._looker.is_current(outcome.generation):
            return
        if outcome.response is None:
            what = "The case cannot be shown"
            self.words.setText(sentence_of(outcome.error, what))
            return
        is_blinded = outcome.response.is_blinded
        self.words.setText(HIDDEN if is_blinded else short_name(outcome.request))
        self.boxes[LABEL].setEnabled(not is_blinded)
        self.picture.show_case(outcome.response)
        self._switch()

    def _switch(self, *_: object) -> None:
        for name, box in self.boxes.items():
            self.picture.switch(name, box.isChecked())


class _Picture(QGraphicsView):
    """The frame with its lines, which stay thin at every zoom; the wheel zooms."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas = QGraphicsScene(self)
        self.setScene(self._canvas)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setBackgroundBrush(QColor("black"))
        self.lines: dict[str, QGraphicsPathItem] = {}

    def clear(self) -> None:
        """Show nothing."""
        self._canvas.clear()
        self.lines = {}

    def show_case(self, seen: Seen) -> None:
        """Show a case as large as it fits."""
        self.clear()
        grey = np.ascontiguousarray(seen.grey)
        height, width = grey.shape
        image = QImage(
            grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8
        )
        self._canvas.addPixmap(QPixmap.fromImage(image))
        self._canvas.setSceneRect(QRectF(0, 0, width, height))
        for name in (LABEL, OLD, NEW):
            path = QPainterPath()
            for line in seen.lines[name]:
                points = [QPointF(column + 0.5, row + 0.5) for row, column in line]
                path.moveTo(points[0])
                for point in points[1:]:
                    path.lineTo(point)
            pen = QPen(QColor(COLOURS[name]), 2)
            pen.setCosmetic(True)
            if name == OLD:
                pen.setStyle(Qt.PenStyle.DashLine)
            item = self._canvas.addPath(path, pen)
            assert item is not None
            self.lines[name] = item
        self.fitInView(self.sceneRect(), Qt.AspectRatioMode.KeepAspectRatio)

    def switch(self, name: str, is_on: bool) -> None:
        """Show or hide the lines of one kind."""
        if name in self.lines:
            self.lines[name].setVisible(is_on)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom where the mouse is."""
        if event is not None:
            factor = 1.2 if event.angleDelta().y() > 0 else 1 / 1.2
            self.scale(factor, factor)


def _cells(case: ChangedCase) -> list[str]:
    style = ".2f" if case.leaks else ".1%"
    texts = [f"{value:{style}}" for value in (case.old, case.new)]
    change = f"{case.change:+{style}}".replace("-", "−")
    return [short_name(case.case), *texts, change]


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(14, 4)
    picture.fill(QColor(colour))
    return QIcon(picture)
