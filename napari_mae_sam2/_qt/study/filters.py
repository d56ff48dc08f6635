"""Which cases of a study are listed."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from napari_mae_sam2.predict.told_cases import Wanted
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.queue_state import STATUSES
from napari_mae_sam2.study.status_words import TWO_ANSWERS, title

EVERY, CONFLICT = "All statuses", TWO_ANSWERS.capitalize()
ANYBODY, NOBODY = "anybody", "nobody"
ANYTHING = "Any class"


class FilterBar(QWidget):
    """Filters by status, graders, what heads told, and words.

    Parameters
    ----------
    parent : QWidget, optional
        The window it belongs to.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.graders: tuple[str, ...] = ()
        """Everybody who is known to the study."""
        self.status = _combo("Cases with this status", [EVERY, CONFLICT])
        self.status.addItems([title(name) for name in STATUSES])
        self.by = _combo("Who graded the case last", [ANYBODY])
        self.assigned = _combo("Whom cases are assigned to", [ANYBODY, NOBODY])
        self.text = QLineEdit()
        self.text.setPlaceholderText("part of a name or patient")
        self.text.setToolTip("Part of the name or of the patient's pseudonym")
        self.text.setClearButtonEnabled(True)
        self.told = _combo(
            "What a head told of the case; what a grader said goes first", [ANYTHING]
        )
        self.told.hide()
        for combo in (self.status, self.by, self.assigned, self.told):
            combo.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.text.textChanged.connect(lambda _text: self.changed.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.status)
        layout.addWidget(QLabel("graded by"))
        layout.addWidget(self.by)
        layout.addWidget(QLabel("assigned to"))
        layout.addWidget(self.assigned)
        layout.addWidget(self.told)
        layout.addWidget(self.text, 1)

    def wanted(self) -> Filter:
        """Give the cases that are wanted."""
        chosen, assigned = self.status.currentIndex(), self.assigned.currentText()
        by = self.by.currentText()
        return Filter(
            statuses=(STATUSES[chosen - 2],) if chosen > 1 else (),
            conflict=chosen == 1,
            grader=None if by == ANYBODY else by,
            assigned={ANYBODY: None, NOBODY: ""}.get(assigned, assigned),
            text=self.text.text().strip(),
            first_readings=True,
        )

    def wanted_told(self) -> Wanted | None:
        """Give what must have been told of the cases; None for anything."""
        chosen = self.told.currentData()
        return chosen if isinstance(chosen, Wanted) else None

    def show_told(self, told: tuple[Wanted, ...]) -> None:
        """Offer what heads told to filter by; nothing is shown where they told none."""
        offered = [self.told.itemData(n) for n in range(1, self.told.count())]
        if offered == list(told):
            return
        chosen = self.told.currentText()
        blocked = self.told.blockSignals(True)
        self.told.clear()
        self.told.addItem(ANYTHING)
        for one in told:
            self.told.addItem(f"{one.name.replace('_', ' ')}: {one.value}", one)
        self.told.setCurrentIndex(max(0, self.told.findText(chosen)))
        self.told.blockSignals(blocked)
        self.told.setVisible(bool(told))

    def show_graders(self, graders: tuple[str, ...]) -> None:
        """Offer graders to filter by."""
        if graders == self.graders:
            return
        self.graders = graders
        for combo, first in ((self.by, [ANYBODY]), (self.assigned, [ANYBODY, NOBODY])):
            chosen = combo.currentText()
            blocked = combo.blockSignals(True)
            combo.clear()
            combo.addItems([*first, *graders])
            combo.setCurrentText(chosen)
            combo.blockSignals(blocked)


def _combo(tip: str, texts: list[str]) -> QComboBox:
    made = QComboBox()
    made.addItems(texts)
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made
