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
        self.state = QLabel()
        self.state.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(4)
        self._stop = button("Stop", "Stop reading the frame", self.cancel_wanted.emit)
        # The buttons below must not jump when these two come and go.
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self.state.setMinimumHeight(
            max(self._stop.sizeHint().height(), 2 * self.fontMetrics().lineSpacing())
        )
        working = QHBoxLayout()
        working.addWidget(self.state, 1)
        working.addWidget(self._stop)

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

        self.candidate = QLabel()
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
            "Make each separate patch of the proposal a lesion of its own (A)",
            self.accept_wanted.emit,
        )
        self._reject = button(
            "Reject (R)",
            "Drop the clicks and the proposal (R)",
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
        layout.addLayout(working)
        layout.addWidget(self._bar)
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
        if proposal is None:
            waits = drafted and not (session is not None and session.review)
            self.candidate.setText(
                "Waiting for the model…" if waits else "No proposal yet"
            )
        else:
            self.candidate.setText(
                f"Candidate {proposal.chosen + 1} of {proposal.candidates}, "
                f"score {proposal.score:.2f}"
            )
        self._next_candidate.setEnabled(
            proposal is not None and proposal.candidates > 1
        )
        reviewing = session is not None and session.is_reviewing
        for made in (self._commit, self._accept):
            made.setEnabled(proposal is not None or reviewing)
        self._reject.setEnabled(drafted or reviewing)
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
