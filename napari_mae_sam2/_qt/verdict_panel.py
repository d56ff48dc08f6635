"""The last round: old against new in a short table, and what to do with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.annotate.round_verdict import (
    checks,
    is_measured,
    overtaken,
    table,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_mae_sam2.study.round_results import RoundResult, StudyRounds

NOTHING = "No round of this study is done yet."
DECIDED = {"promote": "promoted", "refuse": "refused", "rollback": "rolled back"}


class VerdictPanel(QWidget):
    """Shows how the last round was judged.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    promote_wanted = Signal(int, bool)
    """Number of the round, and whether against the advice."""
    refuse_wanted = Signal(int)
    rollback_wanted = Signal(int)
    use_wanted = Signal()
    """The model that the study uses is to answer here, too."""
    report_wanted = Signal()
    cases_wanted = Signal()
    """Old against new on the test cases are to be seen."""
    looked_at = Signal()
    """Somebody looks: others may have decided since the last time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._forced = False
        self._in_use = 0
        self._against: list[str] = []
        """Why the last round is not to be promoted."""
        self.question: QMessageBox | None = None
        """What was asked last before promoting against the advice."""
        self.words = QLabel(NOTHING)
        self.words.setWordWrap(True)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(10)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(0, 1)
        self.checks = QLabel()
        self.checks.setWordWrap(True)
        self.promote = button("Promote", "", self._promote)
        self.refuse = button(
            "Refuse",
            "Keep the model in use; this is noted in the study",
            lambda: self.refuse_wanted.emit(self._number),
        )
        self.rollback = button(
            "Roll back", "", lambda: self.rollback_wanted.emit(self._in_use)
        )
        self.cases = button(
            "Old against new…",
            "Both models on the test cases, the worst change first",
            self.cases_wanted.emit,
        )
        self.use = button(
            "Use the study's model",
            "Another model answers here than the one that this study has promoted",
            self.use_wanted.emit,
        )
        self.use.hide()
        self.report = button(
            "Report", "Every figure, in the browser", self.report_wanted.emit
        )
        looking = QHBoxLayout()
        looking.addWidget(self.cases)
        looking.addWidget(self.report)
        looking.addStretch(1)
        row = QHBoxLayout()
        for made in (self.promote, self.refuse, self.rollback):
            row.addWidget(made)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addLayout(row)
        layout.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self.grid)
        layout.addWidget(self.checks)
        layout.addLayout(looking)
        self.show_rounds(None)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Say that somebody looks."""
        super().showEvent(event)
        self.looked_at.emit()

    def show_rounds(self, stands: StudyRounds | None) -> None:
        """Show how the rounds of a study stand; None where that is not known."""
        last = None if stands is None else stands.last
        self._fill(last)
        if stands is None or last is None:
            self.words.setText(NOTHING)
        else:
            late = stands.is_overtaken
            self._number, self._forced = last.number, late or not last.is_proposed
            said = f"Round {last.number}"
            if stands.decision is not None:
                said += f" ({DECIDED.get(stands.decision, stands.decision)})"
            said += f": {last.why}"
            self.words.setText(f"{said}\n{overtaken(stands)}" if late else said)
            failed = [message for ok, _, message in checks(last) if not ok]
            self._against = [last.why, *failed, *([overtaken(stands)] if late else [])]
        is_open = (
            stands is not None and last is not None and stands.in_use != last.number
        )
        self.promote.setVisible(is_open)
        self.promote.setText("Promote anyway" if self._forced else "Promote")
        self.promote.setToolTip(
            "Use the new model against the advice; this is noted"
            if self._forced
            else "Use the new model from now on"
        )
        for made in (self.cases, self.report):
            made.setVisible(last is not None and bool(last.cases))
        undecided = stands is not None and stands.decision is None
        self.refuse.setVisible(is_open and undecided)
        used = None if stands is None else stands.in_use
        self._in_use = used or 0
        self.rollback.setVisible(used is not None)
        self.rollback.setToolTip(
            f"Use the model again that was there before round {used}"
        )

    def offer_model(self, is_offered: bool) -> None:
        """Offer the model of the study where another one answers."""
        self.use.setVisible(is_offered)

    def set_busy(self, is_busy: bool) -> None:
        """Offer nothing while a decision is being written."""
        for made in (self.promote, self.refuse, self.rollback):
            made.setEnabled(not is_busy)

    def _promote(self) -> None:
        if not self._forced:
            self.promote_wanted.emit(self._number, False)
            return
        number = self._number
        self.question = made = QMessageBox(
            QMessageBox.Icon.Warning,
            "Promote anyway?",
            f"Promote the model of round {number} against the advice?",
            QMessageBox.StandardButton.Cancel,
            self,
        )
        made.setInformativeText("\n".join(self._against))
        yes = made.addButton("Promote anyway", QMessageBox.ButtonRole.AcceptRole)
        made.setDefaultButton(QMessageBox.StandardButton.Cancel)

        def answered(*_: object) -> None:
            if made.clickedButton() is yes:
                self.promote_wanted.emit(number, True)

        made.finished.connect(answered)
        made.finished.connect(made.deleteLater)
        made.open()

    def _fill(self, result: RoundResult | None) -> None:
        while self.grid.count():
            item = self.grid.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        rows = [] if result is None else table(result)
        if rows:
            rows.insert(0, ("", "old", "new"))
        for line, row in enumerate(rows):
            name, old, new = row
            self.grid.addWidget(QLabel(name), line, 0)
            cells = ((old, 1, 1), (new, 2, 1)) if new else ((old, 1, 2),)
            for text, column, span in cells:
                label = QLabel(text)
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                self.grid.addWidget(label, line, column, 1, span)
        found = [] if result is None else checks(result)
        failed = [one for one in found if not one[0]]
        self.checks.setVisible(bool(found))
        self.checks.setText(
            "\n".join(f"✗ {message}" for _, _, message in failed)
            or (
                f"✓ All {len(found)} checks passed"
                if result is not None and is_measured(result)
                else f"{len(found)} checks passed, but nothing measured whether it is "
                "better."
            )
        )
        self.checks.setToolTip(
            "\n".join(f"{'✓' if ok else '✗'} {name}: {m}" for ok, name, m in found)
        )
