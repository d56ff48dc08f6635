"""A titled part of a tab that folds away under its title.

superqt's QCollapsible fixes the height of what it holds; here a list or a table takes
the room that the others leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from qtpy.QtWidgets import QLayout


class Section(QWidget):
    """Shows a panel under a title; a click on the title folds it.

    Parameters
    ----------
    title : str
        One or two words.
    panel : QWidget
        What is shown.
    stretch : bool
        True for lists and tables: they take the room that is left.
    parent : QWidget, optional
        The tab it belongs to.
    """

    folded = Signal(bool)
    """Emitted where the grader folds or opens it."""

    def __init__(
        self,
        title: str,
        panel: QWidget,
        stretch: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.panel = panel
        self.stretch = stretch
        self._head = QToolButton()
        self._head.setText(title)
        self._head.setToolTip("Fold or open")
        self._head.setAccessibleName(title)
        self._head.setCheckable(True)
        self._head.setAutoRaise(True)
        self._head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        font = self._head.font()
        font.setBold(True)
        self._head.setFont(font)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._head)
        layout.addWidget(panel, 1)
        _tighten(panel.layout())
        self._head.toggled.connect(self._show)
        self._head.clicked.connect(lambda is_open: self.folded.emit(not is_open))
        self._head.setChecked(True)

    @property
    def is_folded(self) -> bool:
        """True where only the title is seen."""
        return not self._head.isChecked()

    def fold(self, folded: bool) -> None:
        """Fold it or open it, without telling."""
        self._head.setChecked(not folded)

    def show_note(self, note: str) -> None:
        """Say in the title what is worth knowing while it is folded."""
        self._head.setText(f"{self.title} ({note})" if note else self.title)

    def show_needs_frame(self, needs: bool) -> None:
        """Offer the panel, or say that there is nothing yet that it could act on."""
        self.show_note("open a frame first" if needs else "")
        self.panel.setEnabled(not needs)

    def _show(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._head.setArrowType(arrow)
        self.panel.setVisible(is_open)
        vertical = QSizePolicy.Policy.Maximum
        if is_open and self.stretch:
            vertical = QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)


def _tighten(layout: QLayout | None) -> None:
    """Spare the margins of a panel: the title stands above it already."""
    if layout is not None:
        layout.setContentsMargins(8, 0, 4, 4)
        layout.setSpacing(5)
