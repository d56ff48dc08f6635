"""Several answers to one case: who said what, and which is to be the label."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.conflict import Answer, Conflict

THIS_COLOUR, OTHERS_COLOUR = "#ff1744", "#2979ff"
"""None is a lesion's or the proposal's; told apart by whoever sees no green."""


class ConflictPanel(QWidget):
    """Shows the answers of a conflict, and says what the reviewer makes of them.

    Parameters
    ----------
    parent : QWidget, optional
        The section it belongs to.
    """

    looked_at = Signal(int)
    """Another answer is to be compared with the others."""
    take_wanted = Signal()
    correct_wanted = Signal(bool)
    """Go on with the answer and save later; False for thinking better of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self._conflict: Conflict | None = None
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._on_toggled)
        self._rows = QVBoxLayout()
        self.take = button(
            "Take this one",
            "Save it as the label; the other answers stay in the study",
            self.take_wanted.emit,
        )
        self.correct = button(
            "Correct it first",
            "Go on with it; your next save ends the conflict",
            lambda: self.correct_wanted.emit(self.correct.isChecked()),
        )
        self.correct.setCheckable(True)
        doing = QHBoxLayout()
        doing.addWidget(self.take)
        doing.addWidget(self.correct)
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addLayout(self._rows)
        layout.addWidget(self.legend)
        layout.addLayout(doing)

    @property
    def answer(self) -> Answer | None:
        """The answer that is looked at."""
        if self._conflict is None:
            return None
        return self._conflict.answers[max(self._group.checkedId(), 0)]

    def show_conflict(self, conflict: Conflict) -> None:
        """Offer the answers of a conflict, the first of them looked at."""
        self._conflict = conflict
        for made in self._group.buttons():
            self._group.removeButton(made)
            self._rows.removeWidget(made)
            made.deleteLater()
        for i, answer in enumerate(conflict.answers):
            made = QRadioButton(f"{answer.grader}, {answer.when()}, {_count(answer)}")
            made.setToolTip(f"{made.text()}, {answer.area} px: compare with the others")
            # A long code is cut rather than the whole dock made wider.
            made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._group.addButton(made, i)
            self._rows.addWidget(made)
            if i == 0:
                made.setChecked(True)
        self.show_correcting(False)

    def show_correcting(self, on: bool) -> None:
        """Show whether the next save ends the conflict."""
        self.correct.setChecked(on)
        self.take.setEnabled(not on)
        for made in self._group.buttons():
            made.setEnabled(not on)
        if self._conflict is not None:
            self.words.setText(
                "Correct it, then save: yours is the label, the others stay."
                if on
                else f"{self._conflict.graded()}. Which one to keep?"
            )

    def _on_toggled(self, which: int, on: bool) -> None:
        answer = self.answer
        if not on or answer is None or self._conflict is None:
            return
        mine, theirs = answer.differs()
        others = [one for one in self._conflict.answers if one is not answer]
        other = others[0].grader if len(others) == 1 else "others"
        self.legend.setText(
            f"{_patch(THIS_COLOUR)} only {escape(answer.grader)}: {mine} px<br>"
            f"{_patch(OTHERS_COLOUR)} only {escape(other)}: {theirs} px"
            f" · Dice {answer.dice:.2f}"
        )
        self.looked_at.emit(which)


def _count(answer: Answer) -> str:
    count = len(answer.lesions)
    return f"{count} lesion{'s' * (count != 1)}" if count else "no leakage"


def _patch(colour: str) -> str:
    return f'<span style="color:{colour}">■</span>'
