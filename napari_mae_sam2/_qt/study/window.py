"""The window on a study: list, filters, and what can be done with its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2._qt.study.filters import FilterBar
from napari_mae_sam2._qt.study.table import COLUMNS, StudyTable
from napari_mae_sam2.annotate.study_list import View
from napari_mae_sam2.study.status_words import counted

if TYPE_CHECKING:
    from qtpy.QtGui import QCloseEvent
    from qtpy.QtWidgets import QPushButton

    from napari_mae_sam2.annotate.study_chores import Report
    from napari_mae_sam2.annotate.study_list import Page
    from napari_mae_sam2.study.index_query import Item

TYPING_MS = 200
LINES = 8
"""Of a report that are seen at once."""


class StudyWindow(QDialog):
    """Shows the cases of a study.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    view_wanted = Signal(object, int)
    """A `View`, and from which case on."""
    opened = Signal(object)
    """An `Item` is to be opened."""
    add_wanted = Signal(str)
    """"open", "folder" or "files"."""
    describe_wanted = Signal()
    assign_wanted = Signal()
    read_again_wanted = Signal()
    check_wanted = Signal()
    compare_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._ask_soon = Soon(self.ask, TYPING_MS)
        self.filters = FilterBar()
        self.filters.changed.connect(self._ask_soon)

        self.model = StudyTable(self)
        self.model.more_wanted.connect(
            lambda offset: self.view_wanted.emit(self.view(), offset)
        )
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setToolTip("Double-click opens a case")
        self.table.setWordWrap(False)
        self.table.activated.connect(self._open)
        rows = self.table.verticalHeader()
        if rows is not None:
            rows.hide()
            rows.setDefaultSectionSize(self.fontMetrics().height() + 8)
        self._head = self.table.horizontalHeader()
        if self._head is not None:
            modes = QHeaderView.ResizeMode
            self._head.setSectionResizeMode(modes.ResizeToContents)
            self._head.setSectionResizeMode(0, modes.Stretch)
            self._head.setSortIndicatorShown(True)
            self._head.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
            self._head.setSectionsClickable(True)
            self._head.sortIndicatorChanged.connect(self._ask_soon)
        selected = self.table.selectionModel()
        if selected is not None:
            selected.selectionChanged.connect(self._show_selected)

        self.words = QLabel()
        self.words.setWordWrap(True)
        self.findings = QPlainTextEdit()
        self.findings.setReadOnly(True)
        self.findings.hide()
        self.bar = QProgressBar()
        self._stop = button("Stop", "Stop; what was added stays", self.stop_wanted.emit)
        layout = QVBoxLayout(self)
        layout.addWidget(self.filters)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.findings)
        layout.addLayout(self._buttons())
        self.show_busy("", 0, 0)
        self._show_selected()
        self.resize(940, 560)

    # --- what is asked for -----------------------------------------------------

    def view(self) -> View:
        """Give what is to be listed."""
        column = 0 if self._head is None else self._head.sortIndicatorSection()
        down = (
            self._head is not None
            and self._head.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        )
        order, told = COLUMNS[column][1] or "name", self.filters.wanted_told()
        return View(self.filters.wanted(), order, down, told)

    def ask(self) -> None:
        """Ask for the list from its beginning."""
        self.view_wanted.emit(self.view(), 0)

    def selected(self) -> list[Item]:
        """Give the cases that are selected."""
        chosen = self.table.selectionModel()
        indexes = [] if chosen is None else chosen.selectedRows()
        return self.model.items_of(index.row() for index in indexes)

    # --- what is shown ---------------------------------------------------------

    def show_page(self, page: Page | None, folder: str) -> None:
        """Show a list, or that there is no study."""
        self.setWindowTitle(f"Study: {folder}")
        before = {item.case for item in self.selected()}
        self.model.show_page(page)
        if page is None:
            self.words.setText("There is no study here yet: add frames to make one.")
            return
        self.filters.show_graders(page.graders)
        self.filters.show_told(page.told)
        count = "1 case" if page.total == 1 else f"{page.total} cases"
        words = f"{count}: {counted(page.counts)}" if page.total else "No such case."
        if page.troubles:
            words += f"\n{len(page.troubles)} could not be read: {page.troubles[0]}"
        self.words.setText(words)
        if not page.offset:
            self._select(before)

    def show_busy(self, what: str, done: int, total: int) -> None:
        """Show how far something is; "" where nothing is being done."""
        for one in (self.bar, self._stop):
            one.setVisible(bool(what))
        for one in self._chores:
            one.setEnabled(not what)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.bar.setFormat(f"{what}: %v of %m" if total else what)

    def show_report(self, report: Report) -> None:
        """Show what something came to."""
        self.findings.setVisible(True)
        self.findings.setPlainText("\n".join([report.words, *report.lines]))
        lines = min(1 + 2 * len(report.lines), LINES)
        self.findings.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 12)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask for nothing once it is closed."""
        self._ask_soon.stop()
        super().closeEvent(event)

    # --- inside ----------------------------------------------------------------

    def _buttons(self) -> QHBoxLayout:
        add = button("Add", "Make frames cases of this study", lambda: None)
        menu = QMenu(add)
        for text, which in (
            ("The open frames", "open"),
            ("A folder…", "folder"),
            ("Files…", "files"),
        ):
            menu.addAction(text, lambda which=which: self.add_wanted.emit(which))
        add.setMenu(menu)
        self.describe = button(
            "Describe…",
            "Correct patient, eye, visit or phase of the selected cases",
            self.describe_wanted.emit,
        )
        self.assign = button(
            "Assign to…",
            "Assign the selected cases to a grader",
            self.assign_wanted.emit,
        )
        read_again = button(
            "Read again…",
            "Have cases read once more, blinded",
            self.read_again_wanted.emit,
        )
        compare = button(
            "Agreement",
            "How well blinded readings agree with the first ones",
            self.compare_wanted.emit,
        )
        check = button(
            "Verify files",
            "Check that every file is as it was saved",
            self.check_wanted.emit,
        )
        self._chores: tuple[QPushButton, ...] = (add, compare, check)
        row = QHBoxLayout()
        for one in (add, self.describe, self.assign, read_again, compare, check):
            row.addWidget(one)
        row.addStretch(1)
        row.addWidget(self.bar)
        row.addWidget(self._stop)
        return row

    def _show_selected(self, *_: object) -> None:
        is_any = bool(self.selected())
        self.describe.setEnabled(is_any)
        self.assign.setEnabled(is_any)

    def _select(self, cases: set[str]) -> None:
        chosen = self.table.selectionModel()
        for case in cases if chosen is not None else ():
            row = self.model.row_of(case)
            if row is not None and chosen is not None:
                flags = QItemSelectionModel.SelectionFlag
                chosen.select(self.model.index(row, 0), flags.Select | flags.Rows)

    def _open(self) -> None:
        for item in self.selected()[:1]:
            self.opened.emit(item)
