"""The guided tour above the tabs: an offer, or one step after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.guide import Guide

OFFER = "A two-minute tour on a practice frame shows how it works."


class GuidePanel(QFrame):
    """Shows where the tour is; hidden where there is none and none is offered.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    start_wanted = Signal()
    go_on_wanted = Signal()
    end_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.title = QLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        # Before napari's style is on, the buttons are wider: the dock would stay so.
        self.title.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        # Two lines always: what stands below must not jump from step to step.
        self.words.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._start = button(
            "Start tour",
            "Practise on a drawn frame; your own cases stay as they are",
            self.start_wanted.emit,
        )
        self._go_on = button(
            "Skip step", "Go on without doing this", self.go_on_wanted.emit
        )
        self._end = button("End tour", "End the tour (Esc)", self.end_wanted.emit)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        for made in (self._start, self._go_on, self._end):
            head.addWidget(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.words)
        self.hide()

    def offer(self) -> None:
        """Offer the tour to somebody new."""
        self._show("New here?", OFFER, "Not now")
        self._start.show()
        self._go_on.hide()

    def show_guide(self, guide: Guide) -> None:
        """Show the step in hand, or nothing."""
        if guide.step is None:
            self.hide()
            return
        number, of = guide.place
        title = "Tour" if guide.is_at_end else f"Tour: {number} of {of}"
        self._show(title, guide.step.text, "Close" if guide.is_at_end else "End tour")
        self._start.hide()
        self._go_on.setVisible(not guide.is_at_end)

    def _show(self, title: str, words: str, end: str) -> None:
        self.title.setText(title)
        self.words.setText(words)
        self._end.setText(end)
        self.show()
