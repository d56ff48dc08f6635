"""Where labels are saved and by whom; saving and exporting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_mae_sam2._qt.buttons import button, tight

if TYPE_CHECKING:
    from pathlib import Path


class SavePanel(QWidget):
    """Shows the study folder and saves or exports into it.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    save_wanted = Signal()
    export_wanted = Signal()
    folder_wanted = Signal()
    grader_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = QElidingLabel()
        # The end of a path says more than its beginning.
        self.folder.setElideMode(Qt.TextElideMode.ElideLeft)
        self.folder.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        change = button(
            "Change…", "Save the labels to another folder", self.folder_wanted.emit
        )
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(change)
        self.grader = QLineEdit()
        self.grader.setPlaceholderText("your code, not your name")
        self.grader.setToolTip(
            "Saved with every label, so that graders can be compared"
        )
        self.grader.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        # At every letter: the buttons take no focus, so nothing says "finished".
        self.grader.textChanged.connect(
            lambda text: self.grader_changed.emit(text.strip())
        )
        form = QFormLayout()
        form.addRow("Folder", where)
        form.addRow("Grader", self.grader)
        self.summary = QElidingLabel("No lesions yet")
        self.summary.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._save = button(
            "Save",
            "Save the labels of this case now; only an answer finishes it",
            self.save_wanted.emit,
        )
        self._export = button(
            "Export",
            "Save, and write TIFF, PNG, JSON and COCO for all cases of the folder",
            self.export_wanted.emit,
        )
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        self.bar = QWidget()
        """Counts lesions, saves and exports; for a place that is always seen."""
        doing = QHBoxLayout(self.bar)
        doing.setContentsMargins(4, 0, 0, 0)
        doing.addWidget(self.summary, 1)
        doing.addWidget(tight(self._save))
        doing.addWidget(tight(self._export))

    def show_folder(self, folder: Path | None) -> None:
        """Show where labels go."""
        self.folder.setText("not chosen" if folder is None else str(folder))
        self.folder.setToolTip("" if folder is None else str(folder))

    def show_summary(self, lesions: int | None, unsaved: bool) -> None:
        """Show what there is to save."""
        self._save.setEnabled(lesions is not None)
        self._export.setEnabled(lesions is not None)
        if lesions is None:
            self.summary.setText("")
            return
        count = "1 lesion" if lesions == 1 else f"{lesions or 'No'} lesions"
        self.summary.setText(f"{count}, not saved" if unsaved else count)

    def note(self) -> str:
        """Say who grades, for the title of a folded section."""
        code = self.grader.text().strip()
        return f"grader {code}" if code else "no grader code yet"
