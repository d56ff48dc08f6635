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
from napari_mae_sam2.annotate.round_story import duration
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
        self._standing: Standing | None = None
        self._outside = 0
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
        self._show()

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
        self._standing = standing
        self._show()

    def show_outside(self, count: int) -> None:
        """Show how many open frames are not in the study yet."""
        if count != self._outside:
            self._outside = count
            self._show()

    def nothing_left(self) -> str:
        """Say why no case came next."""
        which, standing = self.which.currentText(), self._standing
        if standing is None:
            return "No case is left here."
        if which == REVIEW:
            return _no_review_left(standing)
        if which == FOR_ME:
            return "No further case is assigned to you."
        if standing.pace.left:
            return "This is the only case that is left for you."
        if standing.waiting:
            verb = "is" if standing.waiting == 1 else "are"
            return f"{_count(standing.waiting, 'case')} {verb} with other graders."
        return "Every case of this study is answered." + self._review_hint(standing)

    def _show(self) -> None:
        standing = self._standing
        is_there = standing is not None and standing.total > 0
        self.bar.setVisible(is_there)
        for one in (self.which, self.back, self.next):
            one.setEnabled(is_there)
        if standing is None or not is_there:
            self.words.setText(
                "No study here yet: save a case, or make one with “Study…”."
                if standing is None
                else "This study has no cases yet: add frames with “Study…”."
            )
            return
        self.bar.setMaximum(standing.total)
        self.bar.setValue(standing.answered)
        self.words.setText(" · ".join(_words(standing, self._outside)))

    def _review_hint(self, standing: Standing) -> str:
        if not standing.review_free:
            return ""
        need = counted({"needs_review": standing.review_free})
        return f" {need}: choose “{REVIEW}” to see {_them(standing.review_free)}."


def _words(standing: Standing, outside: int) -> list[str]:
    pace, words = standing.pace, []
    if standing.review:
        free = standing.review_free
        mine = "" if free == standing.review else f" ({free or 'none'} for you)"
        words.append(counted({"needs_review": standing.review}) + mine)
    if pace.left and pace.seconds_each and pace.seconds_left is not None:
        words.append(f"{duration(pace.seconds_each)} a case")
        words.append(f"about {duration(pace.seconds_left)} left")
    elif pace.left:
        words.append(f"{pace.left} left for you")
    elif standing.waiting:
        words.append(f"{standing.waiting} with other graders")
    if outside:
        words.append(f"{_count(outside, 'open frame')} not in the study yet")
    return words or ["Every case is answered."]


def _no_review_left(standing: Standing) -> str:
    if not standing.review:
        return "No case needs review."
    if standing.review_free:
        return "No other case needs review."
    need = counted({"needs_review": standing.review})
    return f"{need[0].upper()}{need[1:]}, but with other graders."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
