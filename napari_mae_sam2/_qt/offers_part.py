"""What the grader may want and is never done unasked: a sentence with a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.notice_area import Notice, Rank
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.steady import SteadyLabel

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.leaving_study import Offer
    from napari_mae_sam2.annotate.session import CaseSession


class OfferBar(Notice):
    """Shows one offer until it is taken, declined or out of date.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self.words = SteadyLabel(lines=2)
        self.accept = button("", "Do what is offered", self._on_accept)
        decline = QToolButton()
        decline.setText("×")
        decline.setAutoRaise(True)
        decline.setToolTip("No, leave it as it is")
        decline.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        decline.clicked.connect(self.clear)
        # The sentence may hold a path: it has the whole width.
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.words, 1)
        above.addWidget(decline, 0, Qt.AlignmentFlag.AlignTop)
        below.addStretch(1)
        below.addWidget(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 1, 2, 1)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addLayout(below)

    @property
    def offer(self) -> Offer | None:
        """What is offered now."""
        return self._offer

    def show_offer(self, offer: Offer) -> None:
        """Show an offer, in place of the one before."""
        self._offer = offer
        self.words.setText(offer.sentence)
        self.accept.setText(offer.button)
        self.want(Rank.QUESTION)

    def clear(self) -> None:
        """Offer nothing any more."""
        self._offer = None
        self.want(None)

    def _on_accept(self) -> None:
        offer = self._offer
        self.clear()
        if offer is not None:
            offer.act()


class OffersPart(Part):
    """Shows what the desk offers about the case in hand.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._desk = dock.desk
        self.bar = self.banner = OfferBar()
        self._desk.offered.connect(self.bar.show_offer)
        self._desk.leaving.connect(self.bar.clear)

    def show_case(self, session: CaseSession | None) -> None:
        """Forget what was offered about the case before, or about what it was."""
        self.bar.clear()

    def close(self) -> None:
        """Offer nothing any more."""
        self._desk.offered.disconnect(self.bar.show_offer)
        self._desk.leaving.disconnect(self.bar.clear)
