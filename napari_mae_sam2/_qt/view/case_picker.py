"""A list to choose the frame from that stands beside the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox

from napari_mae_sam2.annotate.comparison import NEXT, PREVIOUS

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2.annotate.comparison import Other
    from napari_mae_sam2.annotate.worklist import Worklist

WORDS = {NEXT: "Next in the list", PREVIOUS: "Previous in the list"}


class CasePicker(QComboBox):
    """Offers the neighbours of the case, every case of the list, and files.

    Parameters
    ----------
    worklist : Worklist
        Whose cases are offered.
    parent : QWidget, optional
        The panel.
    """

    chosen = Signal(object)
    """Emits `NEXT`, `PREVIOUS` or a Case."""

    def __init__(self, worklist: Worklist, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("Which frame stands beside the one in hand")
        self.setAccessibleName("Frame beside the one in hand")
        # The longest name must not decide how wide the dock is.
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(12)
        self.show_choice(NEXT)
        self.activated.connect(self._on_activated)

    def show_choice(self, choice: int | Other) -> None:
        """Show what is chosen, and nothing else until the list is opened."""
        with QSignalBlocker(self):
            self.clear()
            if isinstance(choice, int):
                self.addItem(WORDS[choice], choice)
            else:
                self.addItem(choice.name, choice.case)

    def showPopup(self) -> None:
        """List the cases as they are now: there may be thousands."""
        data = self.currentData()
        with QSignalBlocker(self):
            self.clear()
            for step, words in WORDS.items():
                self.addItem(words, step)
            for case in self._worklist.cases:
                self.addItem(case.name, case)
                if case is data:
                    self.setCurrentIndex(self.count() - 1)
            if data == PREVIOUS:
                self.setCurrentIndex(1)
        super().showPopup()

    def _on_activated(self, index: int) -> None:
        data = self.itemData(index)
        if data is not None:
            self.chosen.emit(data)
