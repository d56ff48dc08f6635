"""What is asked before cases are described, added, assigned, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.file_dialogs import ask_table
from napari_mae_sam2.annotate.study_list import ReadAgain
from napari_mae_sam2.study.relabel import EYES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.study.index_query import Item

STAYS = "different; stays as it is"


class _Form(QDialog):
    """A few lines and two buttons."""

    def __init__(self, title: str, words: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.form = QFormLayout()
        said = QLabel(words)
        said.setWordWrap(True)
        said.setVisible(bool(words))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addLayout(self.form)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(340)

    def line(self, title: str, text: str = "", hint: str = "") -> QLineEdit:
        """Add a line to write on."""
        made = QLineEdit(text)
        made.setPlaceholderText(hint)
        self.form.addRow(title, made)
        return made


class AboutForm(_Form):
    """Patient, eye, visit and phase of one case or many.

    Parameters
    ----------
    title, words : str
        What it is for.
    items : sequence of Item
        What they say now; none for frames that are to be added.
    parent : QWidget, optional
        The window it belongs to.
    """

    def __init__(
        self,
        title: str,
        words: str,
        items: Sequence[Item] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, words, parent)
        self._before: dict[str, str | None] = {}
        for name in ("patient", "eye", "visit", "phase"):
            said = {str(getattr(item, name)) for item in items} or {""}
            # None where cases differ: then only what is written here changes them.
            self._before[name] = said.pop() if len(said) == 1 else None
        self.patient = self._line("patient", "Patient", "pseudonym, never a name")
        self.eye = QComboBox()
        self.eye.addItems(["", *EYES])
        if self._before["eye"] is None:
            self.eye.setItemText(0, STAYS)
        self.eye.setCurrentText(self._before["eye"] or "")
        self.form.addRow("Eye", self.eye)
        self.visit = self._line("visit", "Visit", "such as baseline or month-06")
        self.phase = self._line("phase", "Phase", "such as early or late")

    def about(self) -> dict[str, str | None]:
        """Give what was changed; None takes away what was said."""
        said = {
            "patient": self.patient.text().strip(),
            "eye": self.eye.currentText().replace(STAYS, ""),
            "visit": self.visit.text().strip(),
            "phase": self.phase.text().strip(),
        }
        before = {name: value or "" for name, value in self._before.items()}
        return {
            name: text or None for name, text in said.items() if text != before[name]
        }

    def _line(self, name: str, title: str, hint: str) -> QLineEdit:
        before = self._before[name]
        return self.line(title, before or "", STAYS if before is None else hint)


class AddForm(AboutForm):
    """What is said of frames that are to be added, and whether they are copied."""

    def __init__(self, count: str, parent: QWidget | None = None) -> None:
        words = f"{count} will be added. These values apply to all of them."
        super().__init__("Add to the study", words, parent=parent)
        self.copy = QCheckBox("Copy the pixels into the study")
        self.copy.setToolTip(
            "Otherwise the study refers to the files, which must stay where they are"
        )
        self.copy.setChecked(True)
        self.form.addRow(self.copy)
        self.table = QLineEdit()
        self.table.setPlaceholderText("CSV, one row per file")
        self.table.setToolTip(
            "One row per file: a column file and any of patient, eye, visit and phase. "
            "The table overrides the values above"
        )
        row = QHBoxLayout()
        row.addWidget(self.table, 1)
        row.addWidget(button("Choose…", "Choose a CSV", self._choose))
        self.form.addRow("Table", row)

    def _choose(self) -> None:
        table = ask_table(self)
        if table is not None:
            self.table.setText(str(table))


class AssignForm(_Form):
    """Which grader cases are assigned to."""

    def __init__(
        self, count: str, graders: Sequence[str], parent: QWidget | None = None
    ) -> None:
        words = f"{count} will be offered to this grader only."
        super().__init__("Assign to", words, parent)
        self.grader = QComboBox()
        self.grader.setEditable(True)
        self.grader.addItems(["", *graders])
        line = self.grader.lineEdit()
        if line is not None:
            line.setPlaceholderText("grader code; leave empty for anybody")
        self.form.addRow("Grader", self.grader)

    def to(self) -> str:
        """Give the code of the grader; empty for anybody."""
        return str(self.grader.currentText()).strip()


class ReadAgainForm(_Form):
    """Who reads what once more, blinded."""

    def __init__(self, graders: Sequence[str], parent: QWidget | None = None) -> None:
        words = (
            "Drawn from the answered cases and mixed into the queue under codes: "
            "nobody sees what was found before."
        )
        super().__init__("Read again, blinded", words, parent)
        self.share = QSpinBox()
        self.share.setRange(1, 100)
        self.share.setValue(10)
        self.share.setSuffix(" % of them")
        self.form.addRow("How many", self.share)
        known = ", ".join(graders) if len(graders) > 1 else ""
        self.second = self.line("By somebody else", known, "codes: anna, ben")
        self.second.setToolTip("Each case goes to one of these who did not answer it")
        self.repeat = self.line("Once more by", "", "codes: anna")
        self.repeat.setToolTip("Each of these reads own cases again")

    def wish(self) -> ReadAgain:
        """Give what is wanted."""
        return ReadAgain(
            share=self.share.value() / 100,
            second=_codes(self.second.text()),
            repeat=_codes(self.repeat.text()),
        )


def _codes(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
