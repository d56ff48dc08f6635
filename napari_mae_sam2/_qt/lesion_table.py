"""The lesions of a case as a table that can be sorted and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtGui import QColor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtCore import QObject

    from napari_mae_sam2.annotate.lesion_rows import LesionRow

COLUMNS = ("No", "Kind", "Area", "%", "Grey", "Comment")
TIPS = (
    "Number in the label image",
    "Kind of leakage",
    "Area in pixels of the frame",
    "Part of the photographed field in percent",
    "Mean grey value of its pixels, as stored",
    "Your remark",
)
_SORT = Qt.ItemDataRole.UserRole


class LesionTable(QAbstractTableModel):
    """The rows as Qt wants them.

    Parameters
    ----------
    parent : QObject, optional
        Its owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LesionRow] = []
        self._colours: dict[str, QColor] = {}

    def show_kinds(self, colours: Mapping[str, str]) -> None:
        """Take the colours of kinds, by their names."""
        self._colours = {name: QColor(colour) for name, colour in colours.items()}

    def show_rows(self, rows: Sequence[LesionRow]) -> None:
        """Show these lesions; where they are the same ones, only what changed."""
        old, self._rows = self._rows, list(rows)
        if [row.number for row in old] != [row.number for row in rows]:
            self._rows = old
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        changed = [i for i, row in enumerate(rows) if row != old[i]]
        if changed:
            last = self.index(changed[-1], len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(changed[0], 0), last)

    def widest(self) -> dict[int, str]:
        """Give the longest text of every column of figures."""
        texts = [_texts(row) for row in self._rows]
        return {
            column: max((text[column] for text in texts), key=len, default="")
            for column in (0, 2, 3, 4)
        }

    def number_of(self, row: int) -> int:
        """Give the lesion of a row."""
        return self._rows[row].number

    def row_of(self, number: int) -> int | None:
        """Give the row of a lesion, None where it has none."""
        for row, known in enumerate(self._rows):
            if known.number == number:
                return row
        return None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the lesions."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Name the columns."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return TIPS[section]
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Answer Qt's questions about a cell."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(row)[column]
        if role == _SORT:
            return _values(row)[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            return self._colours.get(row.kind)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (0, 2, 3, 4):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            about = f"Lesion {row.number}, {row.kind or 'unclassified'}"
            return f"{about}: {row.comment}" if row.comment else about
        return None


class SortedLesions(QSortFilterProxyModel):
    """Sorts by any column and keeps the rows in which the filter's words are.

    Parameters
    ----------
    parent : QObject, optional
        Its owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSortRole(_SORT)

    def filter_by(self, text: str) -> None:
        """Keep the rows that hold every word: a number, a kind, a part of a comment."""
        self._words = text.lower().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Tell whether a row is kept."""
        model = self.sourceModel()
        if not self._words or model is None:
            return True
        number, kind, comment = (
            str(model.index(source_row, column, source_parent).data()).lower()
            for column in (0, 1, 5)
        )
        return all(
            word == number or word in kind or word in comment for word in self._words
        )


def _texts(row: LesionRow) -> tuple[str, ...]:
    return (
        str(row.number),
        row.kind,
        f"{row.area:,}".replace(",", " "),
        "…" if row.percent is None else f"{row.percent:.2f}",
        f"{row.intensity:.0f}" if abs(row.intensity) >= 10 else f"{row.intensity:.3g}",
        row.comment,
    )


def _values(row: LesionRow) -> tuple[float | str, ...]:
    return (
        row.number,
        # What has no kind yet comes last: it is what is left to do.
        row.kind or "\uffff",
        row.area,
        row.area,
        row.intensity,
        row.comment.lower(),
    )
