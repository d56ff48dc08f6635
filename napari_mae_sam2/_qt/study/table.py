"""The cases of a study as a table that is read page by page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from napari_mae_sam2.study.status_words import mark_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtCore import QObject

    from napari_mae_sam2.annotate.study_list import Page
    from napari_mae_sam2.study.index_query import Item, Order

COLUMNS: Final[tuple[tuple[str, Order | None], ...]] = (
    ("Case", "name"),
    ("Patient", "patient"),
    ("Eye", None),
    ("Visit", None),
    ("Phase", None),
    ("Status", "status"),
    ("By", "grader"),
    ("Assigned to", None),
    ("Answered", "answered"),
    ("Time", "seconds"),
)
"""Titles, and what a click on them sorts by."""


class StudyTable(QAbstractTableModel):
    """Shows what was read so far and asks for more where the grader scrolls there.

    Parameters
    ----------
    parent : QObject, optional
        Its owner.
    """

    more_wanted = Signal(int)
    """Cases from this place in the list on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self._total = 0
        self._asked = 0

    def show_page(self, page: Page | None) -> None:
        """Show a list from its beginning, or go on with it."""
        if page is not None and page.offset and page.offset == len(self._items):
            last = len(self._items) + len(page.items) - 1
            if page.items:
                self.beginInsertRows(QModelIndex(), len(self._items), last)
                self._items += page.items
                self.endInsertRows()
            return
        if page is not None and page.offset:
            return  # of a list that is not shown any more
        self.beginResetModel()
        self._items = [] if page is None else list(page.items)
        self._total = 0 if page is None else page.total
        self._asked = 0
        self.endResetModel()

    def items_of(self, rows: Iterable[int]) -> list[Item]:
        """Give the cases of rows."""
        return [self._items[row] for row in sorted(set(rows)) if row < len(self._items)]

    def row_of(self, case: str) -> int | None:
        """Give the row of a case, None where it is not shown."""
        for row, item in enumerate(self._items):
            if item.case == case:
                return row
        return None

    def canFetchMore(self, _parent: QModelIndex) -> bool:
        """Tell whether there is more, and nobody asked for it yet."""
        return self._asked < len(self._items) < self._total

    def fetchMore(self, _parent: QModelIndex) -> None:
        """Ask for what comes next."""
        self._asked = len(self._items)
        self.more_wanted.emit(self._asked)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the cases that were read."""
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Name the columns."""
        if (
            orientation == Qt.Orientation.Horizontal
            and role == Qt.ItemDataRole.DisplayRole
        ):
            return COLUMNS[section][0]
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Answer Qt's questions about a cell."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(item)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{item.case}: {status_words(item)}"
        return None


def status_words(item: Item) -> str:
    """Say where a case stands, with its mark."""
    words = f"{mark_of(item.status, item.heads)} {words_of(item.status, item.heads)}"
    return f"{words}: {item.claimed_by}" if item.claimed_by else words


def _texts(item: Item) -> tuple[str, ...]:
    when = ""
    if item.answered:
        when = f"{datetime.fromtimestamp(item.answered):%Y-%m-%d %H:%M}"
    minutes, seconds = divmod(round(item.seconds), 60)
    time = f"{minutes}:{seconds:02d}" if item.seconds else ""
    about = (item.patient, item.eye, item.visit, item.phase)
    who = (item.grader, item.assigned)
    return (item.name, *about, status_words(item), *who, when, time)
