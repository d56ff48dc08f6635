"""Widgets that keep their place and their size, whatever they have to say.

A grader aims at a button while the words beside it change: nothing may move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QScrollArea, QSizePolicy, QWidget
from superqt import QElidingLabel

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent


class SteadyLabel(QElidingLabel):
    """Words in a room of so many lines; what is too long is in the tip as a whole.

    Parameters
    ----------
    lines : int
        How many lines it always takes.
    parent : QWidget, optional
        What it stands in.
    """

    def __init__(self, lines: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(lines > 1)
        self._measure()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        top = Qt.AlignmentFlag.AlignTop if lines > 1 else Qt.AlignmentFlag.AlignVCenter
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | top)

    def setText(self, text: str) -> None:
        """Show other words."""
        super().setText(text)
        self.setToolTip(text)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the font, which napari's style changes when the dock is shown."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._measure()

    def _measure(self) -> None:
        self.setFixedHeight(self._lines * self.fontMetrics().lineSpacing() + 4)


class SteadyScrollArea(QScrollArea):
    """Scrolls up and down; its content is as wide with the bar as without it."""

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave the room of the bar free while there is none."""
        super().resizeEvent(event)
        page, bar = self.widget(), self.verticalScrollBar()
        layout = None if page is None else page.layout()
        if layout is None or bar is None:
            return
        bar.ensurePolished()
        margins = layout.contentsMargins()
        free = self.width() - 2 * self.frameWidth() - self._viewport_width()
        wanted = 2 + max(bar.sizeHint().width() - free, 0)
        if margins.right() != wanted:
            margins.setRight(wanted)
            layout.setContentsMargins(margins)

    def _viewport_width(self) -> int:
        viewport = self.viewport()
        return 0 if viewport is None else viewport.width()
