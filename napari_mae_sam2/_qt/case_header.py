"""The head of the dock: which case is in hand, of whom, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_mae_sam2._qt.steady import SteadyLabel

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.worklist import Worklist

NO_CASE = "No case is open"
NOT_SAID = "Patient, eye and phase not given"


class CaseHeader(QWidget):
    """Says what is graded, in every tab.

    Parameters
    ----------
    worklist : Worklist
        Has the case in hand and its status.
    stepping : QWidget
        Leads to the next case, and opens others.
    parent : QWidget, optional
        The dock.
    """

    def __init__(
        self, worklist: Worklist, stepping: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self._session: CaseSession | None = None
        self.name = SteadyLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.status = QLabel()
        self.status.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.about = SteadyLabel()
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.name, 1)
        first.addWidget(self.status)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 2, 2)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addWidget(self.about)
        layout.addWidget(stepping)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        worklist.changed.connect(self.refresh)
        self.refresh()

    def show_session(self, session: CaseSession | None) -> None:
        """Tell of another case, or of none."""
        self._session = session
        self.refresh()

    def refresh(self) -> None:
        """Follow the case and the list."""
        case, session = self._worklist.current, self._session
        if case is None:
            self.name.setText(NO_CASE)
            self.status.setText("")
            self.about.setText("")
            return
        self.name.setText(case.name)
        if case.path is not None:
            self.name.setToolTip(str(case.path))
        self.status.setText(f"{case.status.mark} {case.status.value}")
        self.status.setToolTip(case.trouble or f"Status: {case.status.value}")
        about = "" if session is None else session.about.line
        self.about.setText(about or ("" if session is None else NOT_SAID))
        self.about.setEnabled(bool(about))

    def close_down(self) -> None:
        """Stop following the list."""
        self._worklist.changed.disconnect(self.refresh)
