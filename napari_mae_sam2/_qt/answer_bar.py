"""The four answers that finish a case, as buttons that are always seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button, tight

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.answers import Answer

BUTTONS: Final[dict[Answer, tuple[str, str]]] = {
    "done": ("Done", "Finish this case with the lesions drawn, go on (Alt + D)"),
    "no_leakage": ("No leakage", "Say that this frame shows none, go on (Alt + 0)"),
    "needs_review": ("Review", "Ask somebody else to look, go on (Alt + R)"),
    "cannot_grade": ("Cannot grade", "Say that nobody can grade it, go on (Alt + X)"),
}
"""Text and tip of each answer."""


class AnswerBar(QWidget):
    """One button for each answer.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    wanted = Signal(str)
    """Emits an `Answer`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.buttons = {
            answer: button(text, tip, partial(self.wanted.emit, answer))
            for answer, (text, tip) in BUTTONS.items()
        }
        for made in self.buttons.values():
            layout.addWidget(tight(made), 1)
        self.show_case(False)

    def show_case(self, is_open: bool) -> None:
        """Offer answers only where a case is in hand."""
        for made in self.buttons.values():
            made.setEnabled(is_open)
