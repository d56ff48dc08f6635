"""How the table of lesions looks, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_mae_sam2._qt.lesion_table import SortedLesions

_WIDEST = ("999", "___perivascular", "99 999", "99.99", "Grey")
"""What the columns before the comment have room for."""
_BESIDE_TEXT = 11
_KIND = 1


class LesionView(QTableView):
    """A table in which Delete deletes and a click leaves the keyboard where it is.

    Parameters
    ----------
    model : SortedLesions
        What it shows.
    """

    deleted = Signal()

    def __init__(self, model: SortedLesions) -> None:
        super().__init__()
        self.setModel(model)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWordWrap(False)
        self.setToolTip("Click to fly to a lesion, on a title to sort")
        self.setShowGrid(False)
        # What has no room is in the line below, and in the tip of each row.
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(96)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None:
            rows.hide()
            rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        if columns is not None:
            columns.setHighlightSections(False)
            columns.setStretchLastSection(True)
            columns.setMinimumSectionSize(20)
            # Fixed widths: to measure hundreds of rows after each stroke is slow.
            columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
            for column, text in enumerate(_WIDEST):
                width = self.fontMetrics().horizontalAdvance(text)
                self.setColumnWidth(column, width + _BESIDE_TEXT)

    def make_room(self, texts: dict[int, str]) -> None:
        """Make columns wide enough for their longest text, never narrower than usual.

        Parameters
        ----------
        texts : dict
            By column.
        """
        metrics = self.fontMetrics()
        for column, text in texts.items():
            width = max(
                metrics.horizontalAdvance(each) for each in (text, _WIDEST[column])
            )
            if self.columnWidth(column) != width + _BESIDE_TEXT:
                self.setColumnWidth(column, width + _BESIDE_TEXT)
        self._share_out()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show comments where more than their first letters have room."""
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        """Give figures all the room they need; what is left is for words."""
        viewport, comment = self.viewport(), len(_WIDEST)
        if viewport is not None:
            usual = self.fontMetrics().horizontalAdvance(_WIDEST[_KIND])
            figures = sum(
                self.columnWidth(column) for column in range(comment) if column != _KIND
            )
            words = max(min(usual + _BESIDE_TEXT, viewport.width() - figures), 40)
            if self.columnWidth(_KIND) != words:
                self.setColumnWidth(_KIND, words)
            taken = figures + words
            least = self.fontMetrics().horizontalAdvance("Comment") + _BESIDE_TEXT
            self.setColumnHidden(comment, viewport.width() - taken < least)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take Delete, and leave the rest to Qt."""
        if event is not None and event.key() in (
            Qt.Key.Key_Delete,
            Qt.Key.Key_Backspace,
        ):
            self.deleted.emit()
            return
        super().keyPressEvent(event)
