"""The list of cases and the way through it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QFont
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.fa.reading import readable
from napari_mae_sam2.study.places import STUDY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.annotate.worklist import Worklist


SHOWN = 4
"""Recent studies that are offered where no case is open."""


class _Cases(QAbstractListModel):
    """The worklist as Qt wants it; rows are drawn only where they are visible."""

    def __init__(self, worklist: Worklist, parent: QWidget) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self._count = 0
        self.refresh()

    def refresh(self) -> None:
        """Follow the worklist."""
        count = len(self._worklist.cases)
        if count != self._count:
            self.beginResetModel()
            self._count = count
            self.endResetModel()
        elif count:
            self.dataChanged.emit(self.index(0), self.index(count - 1))

    def rowCount(self, _parent: QModelIndex | None = None) -> int:
        """Count the cases."""
        return self._count

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Answer Qt's questions about a row."""
        if not index.isValid() or index.row() >= len(self._worklist.cases):
            return None
        case = self._worklist.cases[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{case.status.mark} {case.name}"
        if role == Qt.ItemDataRole.ToolTipRole:
            where = str(case.path) if case.path is not None else "in memory"
            return f"{case.status.value.capitalize()}: {case.trouble or where}"
        if role == Qt.ItemDataRole.FontRole and index.row() == self._worklist.index:
            bold = QFont()
            bold.setBold(True)
            return bold
        return None


class CasePanel(QWidget):
    """Shows the cases, opens more, and steps through them.

    Parameters
    ----------
    worklist : Worklist
        What is shown.
    parent : QWidget, optional
        The dock it belongs to.
    """

    folder_wanted = Signal()
    files_wanted = Signal()
    sample_wanted = Signal()
    study_wanted = Signal()
    recent_wanted = Signal(object)
    """The folder of a study that was open before."""
    step_wanted = Signal(int)
    case_wanted = Signal(int)

    def __init__(self, worklist: Worklist, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self._where = QLabel()
        self._model = _Cases(worklist, self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setToolTip("Click on a case to open it; the one in hand is kept")
        self._list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.setMinimumHeight(48)
        self._list.clicked.connect(lambda index: self.case_wanted.emit(index.row()))
        self._list.activated.connect(lambda index: self.case_wanted.emit(index.row()))
        self.previous = button(
            "◀ Previous",
            "Go back one case; this one is kept as it is (Shift + N)",
            lambda: self.step_wanted.emit(-1),
        )
        self.next = button(
            "Next ▶",
            "Go on to the next case; this one is kept as it is (N)",
            lambda: self.step_wanted.emit(1),
        )
        self.stepping = QWidget()
        """Leads from case to case; for a place that is always seen."""
        stepping = QHBoxLayout(self.stepping)
        stepping.setContentsMargins(0, 0, 0, 0)
        stepping.addWidget(self.previous)
        stepping.addWidget(self._where, 1, Qt.AlignmentFlag.AlignCenter)
        stepping.addWidget(self.next)
        stepping.addWidget(self._menu())
        self._recent_buttons: list[QPushButton] = []
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty())
        self._pages.addWidget(self._list)
        layout = QVBoxLayout(self)
        layout.addWidget(self._pages)
        worklist.changed.connect(self.refresh)
        self.show_recent([])
        self.refresh()

    def refresh(self) -> None:
        """Follow the worklist."""
        count, index = len(self._worklist.cases), self._worklist.index
        self._model.refresh()
        self._pages.setCurrentIndex(1 if count else 0)
        self._where.setText(f"{index + 1} of {count}" if index >= 0 else "no case")
        self.previous.setEnabled(self._worklist.neighbour(-1) is not None)
        self.next.setEnabled(self._worklist.neighbour(1) is not None)
        if index >= 0:
            here = self._model.index(index)
            self._list.setCurrentIndex(here)
            self._list.scrollTo(here)

    def show_recent(self, folders: list[Path]) -> None:
        """Offer the studies that were open before."""
        for old in self._recent_buttons:
            self._recent_row.removeWidget(old)
            old.deleteLater()
        self._recent_menu.clear()
        self._recent_menu.setEnabled(bool(folders))
        self._recent_words.setVisible(bool(folders))
        self._recent_buttons = []
        for folder in folders:
            open_it = partial(self.recent_wanted.emit, folder)
            action = self._recent_menu.addAction(study_name(folder), open_it)
            if action is not None:
                action.setToolTip(str(folder))
            if len(self._recent_buttons) < SHOWN:
                made = button(study_name(folder), f"Open the study {folder}", open_it)
                made.setFlat(True)
                made.setStyleSheet("text-align: left")
                self._recent_row.addWidget(made)
                self._recent_buttons.append(made)

    def _empty(self) -> QWidget:
        """Make what is shown while there is no case: how to begin."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        words = QLabel("Open frames or a study, or drop them here.")
        words.setWordWrap(True)
        layout.addWidget(words)
        ways = QGridLayout()  # in two rows: four beside each other widen the dock
        for place, (text, tip, signal) in enumerate(self._ways()):
            ways.addWidget(button(text, tip, signal.emit), place // 2, place % 2)
        layout.addLayout(ways)
        self._recent_words = QLabel("Recent studies:")
        layout.addWidget(self._recent_words)
        self._recent_row = QVBoxLayout()
        self._recent_row.setSpacing(0)
        layout.addLayout(self._recent_row)
        layout.addStretch(1)
        return page

    def _menu(self) -> QWidget:
        made = button("Open", "Open other frames or a study", lambda: None)
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        for text, tip, signal in self._ways():
            action = menu.addAction(text, signal.emit)
            if action is not None:
                action.setToolTip(tip)
        self._recent_menu = QMenu("Recent studies", menu)
        self._recent_menu.setToolTipsVisible(True)
        menu.addMenu(self._recent_menu)
        made.setMenu(menu)
        return made

    def _ways(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("Folder…", "Open every frame of a folder", self.folder_wanted),
            ("Files…", "Open some frames", self.files_wanted),
            ("Study…", "Open a study with its cases and labels", self.study_wanted),
            ("Sample", "Open a drawn frame with leakage", self.sample_wanted),
        )

    def close_down(self) -> None:
        """Stop following the worklist."""
        self._worklist.changed.disconnect(self.refresh)


def study_name(folder: Path) -> str:
    """Name a study by its folder; one beside its frames by theirs as well."""
    name = readable(folder.name)
    return f"{readable(folder.parent.name)}/{name}" if name == STUDY_NAME else name
