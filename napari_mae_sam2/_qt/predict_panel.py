"""Predicting all open frames: start, watch, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.annotate.round_story import duration

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.prediction_run import Predicted, Progress

INVITATION = (
    "Let the model look at every open frame while you work. Cases nobody has answered "
    "then open with its proposal."
)


class PredictPanel(QWidget):
    """Shows one run at a time.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    start_wanted = Signal()
    cancel_wanted = Signal()
    gallery_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(INVITATION)
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setFormat("%v of %m")
        self.start = button(
            "Predict all frames",
            "Find the leakage of every open frame, in the background",
            self.start_wanted.emit,
        )
        self.cancel = button(
            "Cancel", "Stop; what was predicted stays", self.cancel_wanted.emit
        )
        self.gallery = button(
            "Gallery",
            "Look through what was found, what deserves a look first (Alt + G)",
            self.gallery_wanted.emit,
        )
        doing = QHBoxLayout()
        doing.addWidget(self.start)
        doing.addWidget(self.cancel)
        doing.addWidget(self.gallery)
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        layout.addLayout(doing)
        self.bar.hide()
        self.cancel.setEnabled(False)

    def show_started(self) -> None:
        """Show that a run begins."""
        self.bar.setRange(0, 0)
        self.bar.show()
        self.words.setText("Starting…")
        self.start.setEnabled(False)
        self.cancel.setEnabled(True)

    def show_progress(self, progress: Progress) -> None:
        """Show one line of what the run reports."""
        message = progress.values.get("message")
        if progress.event == "start" and isinstance(message, str):
            self.words.setText(f"{message}…")
        done, total = progress.number("done"), progress.number("total")
        if done is not None and total:
            self.bar.setRange(0, round(total))
            self.bar.setValue(round(done))
            left = progress.number("eta_s")
            about = "" if left is None else f", about {duration(left)} left"
            self.words.setText(f"Predicting{about}")

    def show_ended(self, end: Predicted) -> None:
        """Show how the run ended."""
        self.bar.hide()
        self.words.setText(end.message)
        # Which ones, for whoever wants to know.
        self.words.setToolTip("\n".join(end.left_out[:20]))
        self.start.setEnabled(True)
        self.cancel.setEnabled(False)
