"""A training round from the window: start, watch, cancel, use the new model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.curve import RoundCurve

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.training_run import Ended, Progress

WORDS = {
    "start": "Starting…",
    "embed": "Reading the frames",
    "step": "Training",
    "validate": "Checking on held-out frames",
    "saved": "Saving the new model",
    "end": "Finishing",
}


class TrainingPanel(QWidget):
    """Shows one round at a time.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    start_wanted = Signal()
    cancel_wanted = Signal()
    use_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(
            "Save labels of a few cases and train the model on them, beside your "
            "work. It is used only when you say so."
        )
        self.words.setWordWrap(True)
        self.curve = RoundCurve()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1)
        self.start = button(
            "Train a round", "Train on all saved labels", self.start_wanted.emit
        )
        self.cancel = button(
            "Cancel", "Stop; the model in use stays", self.cancel_wanted.emit
        )
        self.use = button(
            "Use this model", "Answer clicks with the new model", self.use_wanted.emit
        )
        doing = QHBoxLayout()
        for made in (self.start, self.cancel, self.use):
            doing.addWidget(made)
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.curve)
        layout.addWidget(self.bar)
        layout.addLayout(doing)
        for made in (self.curve, self.bar):
            made.hide()  # until there is something to see
        self.cancel.setEnabled(False)
        self.use.setEnabled(False)

    def show_started(self) -> None:
        """Show that a round begins."""
        for made in (self.curve, self.bar):
            made.show()
        self.curve.begin()
        self.bar.setRange(0, 0)
        self.words.setText(WORDS["start"])
        self.start.setEnabled(False)
        self.cancel.setEnabled(True)
        self.use.setEnabled(False)

    def show_progress(self, progress: Progress) -> None:
        """Show one line of what the round reports."""
        step, total = progress.number("step"), progress.number("total")
        done = progress.number("done") if step is None else step
        if done is not None and total:
            self.bar.setRange(0, round(total))
            self.bar.setValue(round(done))
        if step is not None and progress.event in ("step", "validate"):
            self.curve.add(
                step,
                total,
                loss=progress.number("loss") if progress.event == "step" else None,
                dice=progress.number("dice"),
            )
        words = WORDS.get(progress.event)
        if words:
            left = progress.number("eta_s")
            ending = "" if left is None else f", about {_duration(left)} left"
            self.words.setText(words + ending)

    def show_ended(self, ended: Ended) -> None:
        """Show how the round ended."""
        self.bar.setRange(0, 1)
        self.bar.setValue(1 if ended.model is not None else 0)
        self.words.setText(ended.message)
        self.start.setEnabled(True)
        self.cancel.setEnabled(False)
        self.use.setEnabled(ended.model is not None)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
