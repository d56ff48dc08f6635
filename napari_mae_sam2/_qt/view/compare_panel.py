"""Another frame beside the case: which, and whether."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.view.case_picker import CasePicker

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.comparison import Other
    from napari_mae_sam2.annotate.worklist import Worklist


class ComparePanel(QWidget):
    """Chooses the early or the late frame to stand beside the case.

    Parameters
    ----------
    worklist : Worklist
        Whose cases are offered.
    parent : QWidget, optional
        The dock.
    """

    turned = Signal(bool)
    chosen = Signal(object)
    file_wanted = Signal()

    def __init__(self, worklist: Worklist, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on = QCheckBox("Show beside (J)")
        self._on.setToolTip(
            "The other frame, moved and zoomed alike, with one cursor; "
            "a click in either is a click on the case"
        )
        self._on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._on.toggled.connect(self.turned.emit)
        self.picker = CasePicker(worklist)
        self.picker.chosen.connect(self.chosen.emit)
        choosing = QHBoxLayout()
        choosing.addWidget(self.picker, 1)
        choosing.addWidget(
            button("File…", "A frame that is not in the list", self.file_wanted.emit)
        )
        self._name = QLabel()
        self._name.setWordWrap(True)
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.addWidget(self._on)
        layout.addLayout(choosing)
        layout.addWidget(self._name)
        self._name.hide()

    def show_choice(self, is_on: bool, choice: int | Other, name: str | None) -> None:
        """Show what stands beside the case."""
        with QSignalBlocker(self._on):
            self._on.setChecked(is_on)
        self.picker.show_choice(choice)
        self._name.setText(name or ("Reading…" if is_on else ""))
        self._name.setVisible(bool(self._name.text()))
