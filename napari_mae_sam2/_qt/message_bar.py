"""One sentence for the grader at the bottom of the dock; it never blocks the work."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QToolButton,
    QWidget,
)

from napari_mae_sam2._qt.notice_area import Notice, Rank

MOST = 3
"""So many warnings are kept; of more the oldest go."""


MS_OF_GOOD_NEWS = 15_000
"""Good news gives way to the state of the model after so long; a warning stays."""


class MessageBar(Notice):
    """Shows the latest message until it is closed or a newer one comes.

    A message that is longer than the room for it is scrolled.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept: list[str] = []
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        room = QScrollArea()
        room.setWidget(self._text)
        room.setWidgetResizable(True)
        room.setFrameShape(QFrame.Shape.NoFrame)
        room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = QToolButton()
        close.setText("×")
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 2, 4)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(room, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.setInterval(MS_OF_GOOD_NEWS)
        self._fading.timeout.connect(self.leave)

    @property
    def text(self) -> str:
        """The sentence that is shown, empty where there is none."""
        return str(self._text.text())

    def warn(self, sentence: str) -> None:
        """Show what went wrong and what to do."""
        self._fading.stop()
        self._show(sentence, is_warning=True)

    def keep_warning(self, sentence: str) -> None:
        """Show what went wrong until somebody closes it.

        What was not saved, or is gone, must not vanish because the next case came.
        """
        self._kept = [one for one in self._kept if one != sentence][1 - MOST :]
        self._kept.append(sentence)
        self._show("", is_warning=True)

    def forget_warnings(self, words: str) -> None:
        """Take away the kept warnings with these words: what they say is settled."""
        self._kept = [one for one in self._kept if words not in one]

    def tell(self, sentence: str) -> None:
        """Show good news."""
        self._fading.start()
        self._show(sentence, is_warning=False)

    def leave(self) -> None:
        """Take the message away, but for warnings that are kept."""
        if self._kept:
            self._show("", is_warning=True)
        else:
            self.clear()

    def clear(self) -> None:
        """Take every message away."""
        self._fading.stop()
        self._kept.clear()
        self._text.clear()
        self.want(None)

    def _show(self, sentence: str, *, is_warning: bool) -> None:
        is_warning = is_warning or bool(self._kept)
        icon = (
            QStyle.StandardPixmap.SP_MessageBoxWarning
            if is_warning
            else QStyle.StandardPixmap.SP_MessageBoxInformation
        )
        size = self.fontMetrics().height() + 2
        style = self.style()
        if style is not None:
            self._icon.setPixmap(style.standardIcon(icon).pixmap(size, size))
        self._text.setText("\n".join(filter(None, [*self._kept, sentence])))
        self.want(Rank.WARNING if is_warning else Rank.NEWS)
