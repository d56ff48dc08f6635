"""A training round from the window: reckon, start, watch, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.curve import RoundCurve
from napari_mae_sam2.annotate.round_story import duration

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_mae_sam2.annotate.child_process import Progress
    from napari_mae_sam2.annotate.round_story import RoundStory

IDLE = (
    "Save labels of a few cases and train the model on them, beside your work. The new "
    "model is used only when you promote it."
)

CHECKED = (
    "Before a model is proposed: better on the test cases, no more empty answers, no "
    "more false leakage in normal frames, box prompts still work."
)


BAR = 1000
"""Steps of the progress bar."""


class TrainingPanel(QWidget):
    """Shows one round at a time.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    estimate_wanted = Signal()
    start_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(IDLE)
        self.words.setWordWrap(True)
        self.curve = RoundCurve()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.train = button(
            "Train a round",
            "Train on all saved labels; first it says how long that takes",
            self.estimate_wanted.emit,
        )
        self.start = button("Start", "Begin the round", self.start_wanted.emit)
        self.cancel = button(
            "Cancel", "Stop; the model in use stays", self.cancel_wanted.emit
        )
        self.log_shown = QToolButton()
        self.log_shown.setText("Log")
        self.log_shown.setCheckable(True)
        self.log_shown.setAutoRaise(True)
        self.log_shown.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.log_shown.setToolTip("What the round has said")
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setFixedHeight(110)
        self.log.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        doing = QHBoxLayout()
        for made in (self.train, self.start, self.cancel):
            doing.addWidget(made)
        doing.addStretch(1)
        doing.addWidget(self.log_shown)
        layout = QVBoxLayout(self)
        for widget in (self.words, self.curve, self.bar):
            layout.addWidget(widget)
        layout.addLayout(doing)
        layout.addWidget(self.log)
        self.log_shown.toggled.connect(self.log.setVisible)
        self._written = 0
        self._story: RoundStory | None = None
        for widget in (self.curve, self.bar, self.log, self.log_shown):
            widget.hide()  # until there is something to see
        self._offer(self.train)

    def show_reckoning(self) -> None:
        """Show that the estimate is being made."""
        self._story = None
        for made in (self.curve, self.log, self.log_shown):
            made.hide()
        self.log_shown.setChecked(False)
        self.words.setText("Looking at the labels, the time and the memory…")
        self.bar.show()
        self.bar.setRange(0, 0)
        self._offer(self.cancel)

    def show_estimate(self, estimate: Progress | None) -> None:
        """Offer the start with what it will take; None where nothing can be begun."""
        self.bar.hide()
        if estimate is None:
            self.words.setText(IDLE)
            self._offer(self.train)
            return
        self.words.setText(estimate_in_words(estimate))
        self.start.setText("Start anyway" if cannot_tell(estimate) else "Start")
        self._offer(self.start, self.cancel)

    def show_idle(self) -> None:
        """Show no round."""
        self._story = None
        for made in (self.curve, self.bar, self.log, self.log_shown):
            made.hide()
        self.log_shown.setChecked(False)
        self.words.setText(IDLE)
        self._offer(self.train)

    def show_story(self, story: RoundStory) -> None:
        """Show how far a round is, as soon as somebody looks."""
        self._story = story
        # Every change of a panel makes Qt put the whole window together anew, which
        # clicks would have to wait for.
        if self.isVisible():
            self._tell(story)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Show what came while nobody looked."""
        super().showEvent(event)
        if self._story is not None:
            self._tell(self._story)

    def _tell(self, story: RoundStory) -> None:
        told = story.dropped + len(story.log)
        if not self.curve.isVisibleTo(self) or told < self._written:
            self.log.clear()
            self._written = 0
            self.curve.show()
            self.log_shown.show()
            self._offer(self.cancel)
        self.curve.show_points(story.loss, story.dice, story.found, story.steps)
        self._move_bar(story.share, 1.0 if story.share else None)
        self.words.setText(story.words)
        for line in story.log[max(0, self._written - story.dropped) :]:
            self.log.appendPlainText(line)
        self._written = told

    def show_ended(self, message: str) -> None:
        """Show how the round ended; its curve and log stay to be read."""
        if self._story is not None:
            self._tell(self._story)
            self._story = None
        self.bar.hide()
        self.words.setText(message)
        self._offer(self.train)

    def _move_bar(self, done: float | None, total: float | None) -> None:
        self.bar.show()
        if done is None or not total:
            self.bar.setRange(0, 0)
            return
        self.bar.setRange(0, BAR)
        self.bar.setValue(round(BAR * done / total))

    def _offer(self, *buttons: QWidget) -> None:
        for made in (self.train, self.start, self.cancel):
            made.setVisible(made in buttons)


def estimate_in_words(estimate: Progress) -> str:
    """Say what a round would take, in short lines.

    Parameters
    ----------
    estimate : Progress
        The event `estimate`, see docs/progress.md.
    """
    train, val, test, new, steps = (
        round(estimate.number(name) or 0)
        for name in ("train", "val", "test", "new", "steps")
    )
    lines = [
        f"{train + val + test} labelled cases, {new} of them new: {train} training, "
        f"{val} validation, {test} test."
    ]
    measured = estimate.values.get("measured") is True
    basis = "measured on your last round" if measured else "typical of a laptop"
    seconds = estimate.number("seconds") or 0.0
    lines.append(f"About {duration(seconds)} at most, {steps} steps ({basis}).")
    need, free = estimate.number("memory_gib"), estimate.number("free_gib")
    if need is not None:
        of_free = "" if free is None else f" of {free:.1f} GB free"
        lines.append(f"Up to {need:.1f} GB of memory{of_free}.")
        if free is not None and free < need:
            lines.append("That will not fit: close other programs first.")
    left_out = estimate.values.get("in_conflict")
    if isinstance(left_out, list) and left_out:
        lines.append(
            f"{len(left_out)} with two answers left out: choose one of them first."
        )
    damaged = estimate.values.get("damaged")
    if isinstance(damaged, list) and damaged:
        lines.append(f"{len(damaged)} damaged left out, such as: {damaged[0]}")
    review = estimate.values.get("in_review")
    if isinstance(review, list) and review:
        waits = "case waits" if len(review) == 1 else "cases wait"
        lines.append(f"{len(review)} {waits} for review and will not be trained on.")
    warning = cannot_tell(estimate)
    if warning:
        lines.append(f"⚠ {warning}")
    lines.append(CHECKED)
    return "\n".join(lines)


def cannot_tell(estimate: Progress) -> str:
    """Say why a round could not tell whether its model is better; empty where it can.

    Parameters
    ----------
    estimate : Progress
        The event `estimate`.
    """
    if not estimate.number("test"):
        return (
            "No test cases yet: label cases of more patients, or this round cannot "
            "tell whether the new model is better."
        )
    if estimate.number("leaking_tests") == 0:
        return (
            "No test case shows leakage: this round cannot tell whether the new model "
            "is better. Label test patients with leakage first."
        )
    return ""
