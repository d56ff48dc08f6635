"""One sentence for the grader at the top of the dock; it never blocks the work."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QToolButton,
    QWidget,
)

MOST = 3
"""So many warnings are kept; of more the oldest go."""


class MessageBar(QFrame):
    """Shows the latest message until it is closed or a newer one comes.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept: list[str] = []
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        close = QToolButton()
        close.setText("×")
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 4, 6)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown, empty where there is none."""
        return self._text.text() if not self.isHidden() else ""

    def warn(self, sentence: str) -> None:
        """Show what went wrong and what to do."""
        self._show(sentence, is_warning=True)

    def keep_warning(self, sentence: str) -> None:
        """Show what went wrong until somebody closes it.

        What was not saved, or is gone, must not vanish because the next case came.
        """
        self._kept = [one for one in self._kept if one != sentence][1 - MOST :]
        self._kept.append(sentence)
        self._show("", is_warning=True)

    def tell(self, sentence: str) -> None:
        """Show good news."""
        self._show(sentence, is_warning=False)

    def leave(self) -> None:
        """Take the message away, but for warnings that are kept."""
        if self._kept:
            self._show("", is_warning=True)
        else:
            self.clear()

    def clear(self) -> None:
        """Take every message away."""
        self._kept.clear()
        self.hide()
        self._text.clear()

    def _show(self, sentence: str, *, is_warning: bool) -> None:
        icon = (
            QStyle.StandardPixmap.SP_MessageBoxWarning
            if is_warning or self._kept
            else QStyle.StandardPixmap.SP_MessageBoxInformation
        )
        size = self.fontMetrics().height() + 2
        style = self.style()
        if style is not None:
            self._icon.setPixmap(style.standardIcon(icon).pixmap(size, size))
        self._text.setText("\n".join(filter(None, [*self._kept, sentence])))
        self.show()
