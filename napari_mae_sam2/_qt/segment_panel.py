"""Asking the model: how it stands, what a click means, what to do with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.steady import SteadyLabel
from napari_mae_sam2.annotate.annotator import Readiness

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.session import CaseSession

STATES = {
    Readiness.NO_MODEL: "No model is loaded: choose one in the Model tab",
    Readiness.LOADING: "Loading the model…",
    Readiness.NO_CASE: "Open a frame to begin",
    Readiness.ENCODING: "Reading the frame… you can click already",
    Readiness.CLOSE_UP: "Reading the close-up… your click waits",
    Readiness.SEARCHING: "Looking for all leakage…",
    Readiness.CANCELLED: "Stopped; a click reads the frame again",
    Readiness.FAILED: "The frame could not be read; a click tries again",
    Readiness.READY: "Ready: click on a leak or drag a box",
}

ACCEPT = "Make each separate patch of the proposal a lesion of its own (A)"
ACCEPT_PATCH = "Make the outlined patch a lesion (A)"
REJECT = "Drop the clicks and the proposal (R)"
REJECT_PATCH = "Drop the outlined patch (R)"

BUSY = {
    Readiness.LOADING,
    Readiness.ENCODING,
    Readiness.CLOSE_UP,
    Readiness.SEARCHING,
}


class SegmentPanel(QWidget):
    """What the grader does with the model, besides clicking in the frame.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    cancel_wanted = Signal()
    polarity_wanted = Signal(bool)
    segment_wanted = Signal()
    segment_seen_wanted = Signal()
    candidate_wanted = Signal()
    commit_wanted = Signal()
    accept_wanted = Signal()
    reject_wanted = Signal()
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = SteadyLabel(lines=2)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(4)
        self._stop = button("Stop", "Stop reading the frame", self.cancel_wanted.emit)
        # Words and bar must not jump when these two come and go.
        for made in (self._bar, self._stop):
            policy = made.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            made.setSizePolicy(policy)
        self.status = QWidget()
        """What the model is doing; for a place that is always seen."""
        below = QVBoxLayout(self.status)
        below.setContentsMargins(6, 2, 4, 2)
        below.setSpacing(2)
        working = QHBoxLayout()
        working.addWidget(self.state, 1)
        working.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignTop)
        below.addLayout(working, 1)
        below.addWidget(self._bar)

        self.positive = QRadioButton("Leakage")
        self.negative = QRadioButton("Not leakage")
        self.positive.setToolTip("A left click says: this is leakage (T changes it)")
        self.negative.setToolTip("A left click says: this is not (T changes it)")
        self._polarity = QButtonGroup(self)
        means = QHBoxLayout()
        means.addWidget(QLabel("Left click:"))
        for made in (self.positive, self.negative):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._polarity.addButton(made)
            means.addWidget(made)
        means.addStretch(1)
        self.positive.setChecked(True)
        self.positive.toggled.connect(self.polarity_wanted.emit)

        self.candidate = SteadyLabel()
        self._next_candidate = button(
            "Next candidate (Q)",
            "Show the model's next candidate (Q)",
            self.candidate_wanted.emit,
        )
        answer = QHBoxLayout()
        answer.addWidget(self.candidate, 1)
        answer.addWidget(self._next_candidate)

        self._commit = button(
            "Commit (C)", "Make the proposal one lesion (C)", self.commit_wanted.emit
        )
        self._accept = button(
            "Accept (A)",
            ACCEPT,
            self.accept_wanted.emit,
        )
        self._reject = button(
            "Reject (R)",
            REJECT,
            self.reject_wanted.emit,
        )
        self._undo = button("Undo (Z)", "", self.undo_wanted.emit)
        self._redo = button("Redo", "", self.redo_wanted.emit)
        self._all = button(
            "All leakage (S)",
            "Ask the model for all leakage in the frame (S)",
            self.segment_wanted.emit,
        )
        self._all_seen = button(
            "All in view (X)",
            "Ask the model for all leakage in what you see, at full resolution (X)",
            self.segment_seen_wanted.emit,
        )
        back = QHBoxLayout()
        back.addWidget(self._undo)
        back.addWidget(self._redo)
        grid = QGridLayout()
        grid.addWidget(self._commit, 0, 0)
        grid.addWidget(self._reject, 0, 1)
        grid.addWidget(self._accept, 1, 0)
        grid.addLayout(back, 1, 1)
        grid.addWidget(self._all, 2, 0)
        grid.addWidget(self._all_seen, 2, 1)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)

        layout = QVBoxLayout(self)
        layout.addLayout(means)
        layout.addLayout(answer)
        layout.addLayout(grid)
        self.show_readiness(Readiness.NO_MODEL)
        self.show_session(None)

    def show_readiness(self, readiness: Readiness) -> None:
        """Say what the model is doing."""
        self.state.setText(STATES[readiness])
        self._bar.setRange(0, 0)
        self._bar.setVisible(readiness in BUSY)
        self._stop.setVisible(readiness in BUSY - {Readiness.LOADING})

    def show_progress(self, done: int, total: int) -> None:
        """Say how far a long search is."""
        if self.state.text().startswith(STATES[Readiness.SEARCHING]):
            self._bar.setRange(0, total)
            self._bar.setValue(done)
            self.state.setText(
                f"{STATES[Readiness.SEARCHING]} part {min(done + 1, total)} of {total}"
            )

    def show_polarity(self, positive: bool) -> None:
        """Show what the left button says."""
        (self.positive if positive else self.negative).setChecked(True)

    def show_session(self, session: CaseSession | None) -> None:
        """Offer what can be done with the session as it is."""
        proposal = None if session is None else session.proposal
        drafted = session is not None and not session.draft.is_empty
        self.candidate.setText(_what_is_in_hand(session))
        self._next_candidate.setEnabled(
            proposal is not None and proposal.candidates > 1
        )
        reviewing = session is not None and session.is_reviewing
        for made in (self._commit, self._accept):
            made.setEnabled(proposal is not None or reviewing)
        self._reject.setEnabled(drafted or reviewing)
        self._accept.setToolTip(ACCEPT_PATCH if reviewing else ACCEPT)
        self._reject.setToolTip(REJECT_PATCH if reviewing else REJECT)
        for made in (self._all, self._all_seen):
            made.setEnabled(session is not None)
        undo = "" if session is None else session.history.next_undo
        redo = "" if session is None else session.history.next_redo
        self._undo.setEnabled(bool(undo))
        self._redo.setEnabled(bool(redo))
        self._undo.setToolTip(
            f"Take back: {undo} (Z)" if undo else "Nothing to take back"
        )
        self._redo.setToolTip(
            f"Do again: {redo} (Shift + Z)" if redo else "Nothing to do again"
        )


def _what_is_in_hand(session: CaseSession | None) -> str:
    """Say in a few words what commit, accept and reject would act on."""
    if session is None:
        return "No proposal yet"
    proposal, review = session.proposal, session.review
    if proposal is not None:
        return (
            f"Candidate {proposal.chosen + 1} of {proposal.candidates}, "
            f"score {proposal.score:.2f}"
        )
    if review is not None and session.is_reviewing:
        return f"Suggestion {review.position} of {len(review.shown)}"
    if review is not None and (session.draft.is_empty or session.draft.everything):
        return "All suggestions are hidden"
    return "No proposal yet" if session.draft.is_empty else "Waiting for the model…"
