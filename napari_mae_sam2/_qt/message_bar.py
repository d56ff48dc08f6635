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


class MessageBar(QFrame):
    """Shows the latest message until it is closed or a newer one comes.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self._show(sentence, QStyle.StandardPixmap.SP_MessageBoxWarning)

    def tell(self, sentence: str) -> None:
        """Show good news."""
        self._show(sentence, QStyle.StandardPixmap.SP_MessageBoxInformation)

    def clear(self) -> None:
        """Take the message away."""
        self.hide()
        self._text.clear()

    def _show(self, sentence: str, icon: QStyle.StandardPixmap) -> None:
        size = self.fontMetrics().height() + 2
        style = self.style()
        if style is not None:
            self._icon.setPixmap(style.standardIcon(icon).pixmap(size, size))
        self._text.setText(sentence)
        self.show()
