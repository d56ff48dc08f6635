"""The guided tour at the bottom of the dock: an offer, or one step after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.notice_area import Notice, Rank
from napari_mae_sam2._qt.steady import SteadyLabel

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.guide import Guide

OFFER = "A two-minute tour on a practice frame shows how it works."


class GuidePanel(Notice):
    """Shows where the tour is, while there is one or one is offered.

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
        self.title = QLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.title.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.words = SteadyLabel(lines=2)
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
        layout.setContentsMargins(6, 1, 2, 1)
        layout.setSpacing(1)
        layout.addLayout(head)
        layout.addWidget(self.words)

    def offer(self) -> None:
        """Offer the tour to somebody new."""
        self._show("New here?", OFFER, "Not now", Rank.OFFER)
        self._start.show()
        self._go_on.hide()

    def show_guide(self, guide: Guide) -> None:
        """Show the step in hand, or nothing."""
        if guide.step is None:
            self.want(None)
            return
        number, of = guide.place
        title = "Tour" if guide.is_at_end else f"Tour: {number} of {of}"
        end = "Close" if guide.is_at_end else "End tour"
        self._show(title, guide.step.text, end, Rank.TOUR)
        self._start.hide()
        self._go_on.setVisible(not guide.is_at_end)

    def _show(self, title: str, words: str, end: str, rank: Rank) -> None:
        self.title.setText(title)
        self.words.setText(words)
        self._end.setText(end)
        self.want(rank)
