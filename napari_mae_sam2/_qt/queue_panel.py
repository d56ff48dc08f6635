"""How the study stands, and the buttons that take cases of its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.status_words import counted, title

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_mae_sam2.annotate.study_queue import Standing

TO_DO, FOR_ME, REVIEW = "To do", "Assigned to me", title("needs_review")


class QueuePanel(QWidget):
    """Shows the queue of the study folder.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    step_wanted = Signal(int)
    study_wanted = Signal()
    shown = Signal()
    """It is seen from now on, and may be out of date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setFormat("%v of %m answered")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.which = QComboBox()
        self.which.addItems([TO_DO, FOR_ME, REVIEW])
        self.which.setToolTip("Which cases come next")
        self.which.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back = button(
            "Back", "Take the case before (Alt + B)", lambda: self.step_wanted.emit(-1)
        )
        self.next = button(
            "Take next",
            "Take the next case (Alt + N); this one stays in progress",
            lambda: self.step_wanted.emit(1),
        )
        first = QHBoxLayout()
        first.addWidget(self.which, 1)
        first.addWidget(self.back)
        first.addWidget(self.next)
        layout = QVBoxLayout(self)
        top = QHBoxLayout()
        top.addWidget(self.bar, 1)
        top.addStretch(0)
        top.addWidget(
            button(
                "Study…",
                "List, describe and check the cases of the study, add frames",
                self.study_wanted.emit,
            )
        )
        layout.addLayout(top)
        layout.addWidget(self.words)
        layout.addLayout(first)
        self.show_standing(None)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Tell that it is seen."""
        super().showEvent(event)
        self.shown.emit()

    def wanted(self, grader: str) -> Filter:
        """Give the cases that the grader wants."""
        which = self.which.currentText()
        if which == REVIEW:
            return Filter(statuses=("needs_review",))
        # Whoever is to read blinded must not find those cases alone under a heading.
        mine = Filter(assigned=grader, first_readings=True)
        return mine if which == FOR_ME else Filter()

    def show_standing(self, standing: Standing | None) -> None:
        """Show how the study stands; None where the folder holds none."""
        is_there = standing is not None and standing.total > 0
        self.bar.setVisible(is_there)
        for one in (self.which, self.back, self.next):
            one.setEnabled(is_there)
        if standing is None or not is_there:
            self.words.setText(
                "The folder of the labels holds no study yet: “Study…” makes one."
            )
            return
        self.bar.setMaximum(standing.total)
        self.bar.setValue(standing.answered)
        self.words.setText(" · ".join(_words(standing)))


def _words(standing: Standing) -> list[str]:
    pace = standing.pace
    words = []
    if standing.review:
        words.append(counted({"needs_review": standing.review}))
    if pace.left and pace.seconds_each and pace.seconds_left is not None:
        words.append(f"{short_time(pace.seconds_each)} a case")
        words.append(f"about {short_time(pace.seconds_left)} left")
    elif pace.left:
        words.append(f"{pace.left} for you")
    return words or ["Nothing is left for you."]


def short_time(seconds: float) -> str:
    """Say a time in a few characters, such as "3 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
