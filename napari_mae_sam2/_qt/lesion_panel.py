"""The panel of lesions: filter, table, and what is said of the ones that are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.lesion_table import LesionTable, SortedLesions
from napari_mae_sam2._qt.lesion_view import LesionView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtCore import QPoint

    from napari_mae_sam2.annotate.lesion_rows import LesionRow
    from napari_mae_sam2.study.kinds import Kind

NO_KIND = "Unclassified"
NO_CASE = "No frame is open: open one in the Grade tab."
NO_LESION = "No lesion yet: click on a leak in the frame and commit it with C."
FILTER_TIP = "Show only lesions with these words in kind or comment, or this number"


class LesionPanel(QWidget):
    """Shows lesions, and tells which are chosen and what is to be done to them.

    Parameters
    ----------
    parent : QWidget, optional
        The dock.
    """

    chosen = Signal(list)
    """Emits the numbers of the lesions that the grader chose in the table."""
    flight_wanted = Signal(int)
    edit_wanted = Signal()
    delete_wanted = Signal()
    kind_wanted = Signal(str)
    csv_wanted = Signal()
    comment_wanted = Signal(list, str)
    """Emits the lesions that were chosen when it was written, and the comment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._showing = False
        self._described: list[int] = []
        self._comment = ""
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: kind, comment or number")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._rows = LesionTable(self)
        self._sorted = SortedLesions(self)
        self._sorted.setSourceModel(self._rows)
        self.filter.textChanged.connect(self._sorted.filter_by)
        self.filter.textChanged.connect(self._count)
        self.table = LesionView(self._sorted)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.csv = button(
            "CSV…",
            "Save the table of all lesions of this frame as a CSV file",
            lambda: self.csv_wanted.emit(),
        )
        self.table.deleted.connect(self.delete_wanted.emit)
        self.table.clicked.connect(
            lambda index: self.flight_wanted.emit(self._number(index.row()))
        )
        self.table.selectionModel().selectionChanged.connect(self._on_chosen)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)

        self._what = QLabel()
        self.kind = QComboBox()
        self.kind.setToolTip("Kind of leakage; H shows the keys")
        self.kind.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # As wide as there is room, not as its longest entry wants.
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.setMinimumContentsLength(5)
        self.kind.activated.connect(self._on_kind)
        self._edit = button(
            "Edit",
            "Open the lesion again: left click for more, right click for less, "
            "C puts it back",
            lambda: self.edit_wanted.emit(),
        )
        self._delete = button(
            "Delete", "Remove the lesion (Del); undo brings it back", self._ask_delete
        )
        self.comment = QLineEdit()
        self.comment.setPlaceholderText("Comment")
        self.comment.setToolTip("Your remark about the lesions that are chosen")
        self.comment.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.comment.editingFinished.connect(self._on_comment)
        self.comment.returnPressed.connect(self.comment.clearFocus)
        said = QHBoxLayout()
        said.addWidget(self._what)
        said.addWidget(self.kind, 1)
        doing = QHBoxLayout()
        doing.addWidget(self.comment, 1)
        doing.addWidget(self._edit)
        doing.addWidget(self._delete)
        layout = QVBoxLayout(self)
        finding = QHBoxLayout()
        finding.addWidget(self.filter, 1)
        finding.addWidget(self.csv)
        layout.addLayout(finding)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.table, 1)
        layout.addLayout(said)
        layout.addLayout(doing)
        self.show_kinds(())
        self.show_rows(None)

    # --- what is shown ---------------------------------------------------------

    def show_kinds(self, kinds: Sequence[Kind]) -> None:
        """Offer the kinds of a study."""
        self._rows.show_kinds({kind.name: kind.colour for kind in kinds})
        self.kind.clear()
        self.kind.addItem(NO_KIND, "")
        for kind in kinds:
            self.kind.addItem(_patch(kind.colour), kind.name, kind.name)
            key = kind.key.replace("-", " + ").replace("Control", "Ctrl")
            self.kind.setItemData(
                self.kind.count() - 1, key, Qt.ItemDataRole.ToolTipRole
            )

    def show_rows(self, rows: Sequence[LesionRow] | None) -> None:
        """Show the lesions, None without a frame; those that were chosen stay so."""
        self.empty.setText(NO_CASE if rows is None else NO_LESION)
        rows = rows or ()
        numbers = self.numbers()
        self._showing = True
        self._rows.show_rows(rows)
        self._showing = False
        self.choose(numbers)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.filter.setEnabled(bool(rows))
        self.csv.setEnabled(bool(rows))
        self.table.make_room(self._rows.widest())
        self._count()

    def numbers(self) -> list[int]:
        """Give the lesions that are chosen and seen, from top to bottom."""
        rows = self.table.selectionModel().selectedRows()
        return [self._number(row) for row in sorted(index.row() for index in rows)]

    def choose(self, numbers: Sequence[int]) -> None:
        """Choose lesions without telling, and say what is known of them."""
        if self.numbers() != list(numbers):
            self._showing = True
            model = self.table.selectionModel()
            model.clearSelection()
            flags = QItemSelectionModel.SelectionFlag
            for number in numbers:
                row = self._rows.row_of(number)
                index = self._sorted.mapFromSource(self._rows.index(row or 0, 0))
                if row is not None and index.isValid():
                    model.select(index, flags.Select | flags.Rows)
                    self.table.scrollTo(index)
            self._showing = False
        self._describe()

    # --- inside ----------------------------------------------------------------

    def menu(self) -> QMenu:
        """Make the menu of a right click on the table."""
        menu = QMenu(self)
        menu.addAction("Save as CSV…", self.csv_wanted.emit)
        menu.addSeparator()
        menu.addAction("Edit", self.edit_wanted.emit)
        menu.addAction("Delete", self.delete_wanted.emit)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        viewport = self.table.viewport()
        if viewport is not None:
            self.menu().popup(viewport.mapToGlobal(place))

    def _number(self, row: int) -> int:
        source = self._sorted.mapToSource(self._sorted.index(row, 0))
        return self._rows.number_of(source.row())

    def _describe(self) -> None:
        numbers = self.numbers()
        if numbers != self._described:
            self._on_comment()  # it was written about the ones before
        for made in (self.kind, self._delete, self.comment):
            made.setEnabled(bool(numbers))
        self._edit.setEnabled(len(numbers) == 1)
        if len(numbers) == 1:
            self._what.setText(f"Lesion {numbers[0]}")
        else:
            self._what.setText(f"{len(numbers)} lesions" if numbers else "No lesion")
        rows = [self._rows.row_of(number) for number in numbers]
        kinds = {self._text(row, 1) for row in rows}
        comments = {self._text(row, 5) for row in rows}
        kind = kinds.pop() if len(kinds) == 1 else ""
        place = self.kind.findData(kind)
        # A kind of before the study's list was changed is no choice, but is shown.
        self.kind.setCurrentIndex(place)
        self.kind.setPlaceholderText(kind)
        if numbers != self._described or not self.comment.hasFocus():
            self._comment = comments.pop() if len(comments) == 1 else ""
            self.comment.setText(self._comment)
        self._described = numbers

    def _text(self, row: int | None, column: int) -> str:
        if row is None:
            return ""
        return str(self._rows.index(row, column).data() or "")

    def _count(self, *_: object) -> None:
        whole, seen = self._rows.rowCount(), self._sorted.rowCount()
        tip = f"{seen} of {whole} lesions are shown" if seen < whole else FILTER_TIP
        self.filter.setToolTip(tip)

    def _on_chosen(self, *_: object) -> None:
        if not self._showing:
            self._describe()
            self.chosen.emit(self.numbers())

    def _on_kind(self, place: int) -> None:
        self.kind_wanted.emit(self.kind.itemData(place))

    def _on_comment(self) -> None:
        text = self.comment.text().strip()
        if text != self._comment:
            self._comment = text
            self.comment_wanted.emit(self._described, text)

    def _ask_delete(self) -> None:
        self.delete_wanted.emit()


def _patch(colour: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)
