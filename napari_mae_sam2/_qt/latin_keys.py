"""Lets every key of the window work whatever keyboard layout is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent
from qtpy.QtWidgets import QApplication

from napari_mae_sam2._qt.key_positions import is_foreign, latin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
ASCII = 0x80


class LatinKeys(QObject):
    """Gives widgets the Latin key in place of the letter of another script.

    Text that is typed into a field is not touched: fields are not watched, and keep
    the keys that they understand.

    Parameters
    ----------
    parent : QObject
        The dock.
    tell : callable
        Shows a sentence where a key is not known.
    """

    def __init__(self, parent: QObject, tell: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._tell = tell
        self._is_foreign = self._is_sending = False
        self._watched: list[QWidget] = []

    def watch(self, widget: QWidget | None) -> None:
        """Translate the keys of a widget from now on."""
        if widget is not None and widget not in self._watched:
            self._watched.append(widget)
            widget.installEventFilter(self)

    def close(self) -> None:
        """Let go of the widgets."""
        for widget in self._watched:
            if isalive(widget):
                widget.removeEventFilter(self)
        self._watched.clear()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Send the Latin key in place of another one."""
        if (
            not isinstance(event, QKeyEvent)
            or watched is None
            or event.type() not in KEYS
        ):
            return False
        if self._is_sending:
            return False  # our own, on its way to the widget or a parent of it
        instead = self._latin(event)
        if instead is None:
            return False
        self._is_sending = True
        try:
            QApplication.sendEvent(watched, instead)  # and to parents, where ignored
        finally:
            self._is_sending = False
        event.accept()
        return True

    def _latin(self, event: QKeyEvent) -> QKeyEvent | None:
        text = event.text()
        letter = text if text and text.isprintable() else _named(event.key())
        if is_foreign(letter):
            self._is_foreign = True
        elif letter.isalpha():
            self._is_foreign = False
        # Signs give no hint of the layout: it is that of the letter before.
        if not self._is_foreign or not letter.strip() or letter.isdigit():
            return None
        latin = latin_of(
            letter,
            event.nativeScanCode(),
            event.nativeVirtualKey(),
            QGuiApplication.platformName(),
        )
        if not latin:
            if is_foreign(letter) and event.type() == QEvent.Type.KeyPress:
                self._tell(
                    f"The key {letter} is not known here: switch the keyboard to "
                    "English to use the keys."
                )
            return None
        if event.key() == ord(latin.upper()):
            return None
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return QKeyEvent(
            event.type(),
            ord(latin.upper()),
            event.modifiers(),
            event.nativeScanCode(),
            event.nativeVirtualKey(),
            event.nativeModifiers(),
            latin.upper() if shifted else latin,
            event.isAutoRepeat(),
            event.count(),
        )


def _named(key: int) -> str:
    """Give the letter of a key that has no text, as when it is let go."""
    return chr(key) if ASCII <= key < 0x10000 else ""
