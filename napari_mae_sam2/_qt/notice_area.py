"""The place for messages, the tour and the state of the model: always as large.

When a message goes, the tour or what the model is doing is seen again. Nothing beside
it moves, however much there is to say.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES = 3
"""Lines of text that it has room for."""


class Rank(IntEnum):
    """What is seen where several notices want to be, the first of these."""

    WARNING = 1
    QUESTION = 2
    TOUR = 3
    NEWS = 4
    OFFER = 5


class Notice(QFrame):
    """Something that is shown in the area while there is a reason to.

    Parameters
    ----------
    parent : QWidget, optional
        The area.
    """

    wanted = Signal()
    """It wants to be seen, or does not any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rank: Rank | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.hide()

    def want(self, rank: Rank | None) -> None:
        """Ask to be seen, or no longer with None."""
        self.rank = rank
        self.wanted.emit()


class NoticeArea(QStackedWidget):
    """Shows the first of several notices that wants to be seen.

    Parameters
    ----------
    notices : sequence of Notice
        In any order.
    usual : QWidget
        Is seen where no notice is.
    parent : QWidget, optional
        The dock.
    """

    def __init__(
        self,
        notices: Sequence[Notice],
        usual: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._notices, self._usual = notices, usual
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._measure()
        usual.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        for page in (*notices, usual):
            self.addWidget(page)
        for notice in notices:
            notice.wanted.connect(self._choose)
        self._choose()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the font, which napari's style changes when the dock is shown."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._measure()

    def _measure(self) -> None:
        self.setFixedHeight(LINES * self.fontMetrics().lineSpacing() + 22)

    def _choose(self) -> None:
        wanted = [(one.rank, one) for one in self._notices if one.rank is not None]
        _, seen = min(wanted, key=lambda each: each[0], default=(None, self._usual))
        self.setCurrentWidget(seen)
