"""Buttons that leave the keyboard with the picture when they are clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

if TYPE_CHECKING:
    from collections.abc import Callable


def button(text: str, tip: str, act: Callable[[], object]) -> QPushButton:
    """Make a button that Tab reaches but a click does not take the focus for.

    The grader's keys work where the canvas has the focus; a click on a button must
    not silently turn them off.
    """
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAutoDefault(False)
    made.clicked.connect(lambda _checked=False: act())
    return made


def tight(made: QPushButton) -> QPushButton:
    """Let a button be as narrow as its text.

    Before napari's style is on, buttons are wider: a row of them would widen the dock,
    which then stays so.
    """
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(made.text()) + 12)
    return made
