"""Asks for the grader's code before it is first needed, shows it, and remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.study.preferences import GRADER

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

SETTLED_MS = 1_000
"""A code that is typed letter by letter is remembered this much later."""

LONGEST = 40
SHOWN = 8

WORDS = (
    "Your code is saved with every label, so that graders can be compared. Use a code "
    "such as initials and a number, not your name. It is remembered on this computer."
)

DECLINED = (
    "Nothing is saved to the study without a grader code; your work is kept in the "
    "window."
)


class CodeDialog(QDialog):
    """Asks for a code.

    Parameters
    ----------
    code : str
        The one in use; empty for none.
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Grader code")
        said = QLabel(WORDS)
        said.setWordWrap(True)
        self.line = QLineEdit(code)
        self.line.setMaxLength(LONGEST)
        self.line.setPlaceholderText("such as AB-1")
        self.line.setAccessibleName("Grader code")
        self.line.selectAll()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.line.textChanged.connect(self._show)
        layout = QVBoxLayout(self)
        for widget in (said, self.line, self.buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(360)
        self._show()

    @property
    def code(self) -> str:
        """What was entered."""
        return " ".join(str(self.line.text()).split())

    def _show(self, *_: object) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(bool(self.code))


class GraderCode(QObject):
    """The code of the grader at this window.

    Parameters
    ----------
    dock : LeakageWidget
        Whose desk saves under it.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.dialog: CodeDialog | None = None
        """While it is asked for."""
        self._is_declined = self._is_asked_at_end = False
        self._then: list[Callable[[], None]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED_MS)
        self._timer.timeout.connect(self._remember)
        self.shown = button("", "", self.change)
        self.shown.setFlat(True)
        # It takes what room there is: the dock must not get wider for it.
        self.shown.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.shown.setMinimumWidth(72)
        dock.labels.grader_changed.connect(self._on_changed)
        dock.desk.code_wanted.connect(self._on_wanted)
        dock.labels.grader.setMaxLength(LONGEST)
        dock.labels.grader.setText(dock.preferences.text(GRADER, ""))
        self._on_changed(dock.labels.grader.text().strip())

    def need(self, then: Callable[[], None]) -> None:
        """Go on with something that is done under a code; ask where there is none."""
        if self._dock.desk.grader:
            then()
        else:
            self._then.append(then)
            self.change()

    def change(self) -> None:
        """Ask for the code, or for another one."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = made = CodeDialog(self._dock.desk.grader, self._dock)
        made.accepted.connect(self._on_given)
        made.rejected.connect(self._on_declined)
        made.finished.connect(made.deleteLater)
        made.open()
        made.line.setFocus()

    def holds_closing_up(self) -> bool:
        """Ask once for the code before the window closes on work that needs one.

        Who closes the window again has it saved without a code.
        """
        desk = self._dock.desk
        if desk.grader or self._is_asked_at_end or not desk.has_unsaved:
            return False
        self._is_asked_at_end = True
        self._dock.messages.warn(
            "Enter your grader code to save your work, or close the window again to "
            "save it as “unnamed”."
        )
        self._then.append(lambda: desk.save_changes(lambda: None))
        self.change()
        return True

    def close(self) -> None:
        """Remember what was typed last, and ask no more."""
        if self._timer.isActive():
            self._timer.stop()
            self._remember()
        self._dock.desk.code_wanted.disconnect(self._on_wanted)
        self._then = []

    # --- inside ----------------------------------------------------------------

    def _on_wanted(self, by_grader: bool) -> None:
        if self._is_declined and not by_grader:
            self._dock.messages.warn(DECLINED)
        else:  # not from within: the case is being put away just now
            QTimer.singleShot(0, lambda: self.need(self._dock.desk.save_waiting))

    def _on_given(self) -> None:
        code = "" if self.dialog is None else self.dialog.code
        self.dialog = None
        self._dock.labels.grader.setText(code)
        then, self._then = self._then, []
        for act in then:
            act()

    def _on_declined(self) -> None:
        self.dialog, self._then = None, []
        self._dock.desk.forget_waiting()
        if not self._dock.desk.grader:
            self._is_declined = True
            self._dock.messages.warn(DECLINED)

    def _on_changed(self, code: str) -> None:
        self._dock.desk.grader = code
        # A long code must not make the dock wider.
        short = code if len(code) <= SHOWN else f"{code[: SHOWN - 1]}…"
        self.shown.setText(short or "Code…")
        self.shown.setToolTip(
            f"Grader {code}: saved with every label; click to change it"
            if code
            else "Enter the code that is saved with every label"
        )
        self._timer.start()

    def _remember(self) -> None:
        self._dock.preferences.put(GRADER, self._dock.desk.grader)
