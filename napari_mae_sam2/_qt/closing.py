"""Saves when the window is about to close, and shuts down when it has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication

from napari_mae_sam2._qt.main_window import main_window_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


class Closing(QObject):
    """Watches the main window of a dock.

    The window asks whether it may close only after this was told, and the grader may
    say no: so the work is saved at once, and nothing is stopped until the window is
    really gone.

    Parameters
    ----------
    dock : QWidget
        Docked in the window, or floating above it.
    save : callable
        Saves and returns a sentence for everything that could be saved nowhere.
    shut_down : callable
        Stops the workers.
    warn : callable
        Shows a sentence.
    is_held_up : callable
        Tells whether something is asked first and the window stays open for it.
    """

    def __init__(
        self,
        dock: QWidget,
        save: Callable[[], list[str]],
        shut_down: Callable[[], None],
        warn: Callable[[str], None],
        is_held_up: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(dock)
        self._dock = dock
        self._save = save
        self._shut_down = shut_down
        self._warn = warn
        self._is_held_up = is_held_up
        self._window: QWidget | None = None
        self._warned = False
        self._asked = False

    def watch(self) -> None:
        """Find the main window and watch it, once."""
        window = main_window_of(self._dock)
        if window is None or window is self._window:
            return
        self._window = window
        window.installEventFilter(self)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._shut_down)

    def close(self) -> None:
        """Stop watching."""
        if self._window is not None and isalive(self._window):
            self._window.removeEventFilter(self)
        self._window = None

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Save before the window closes; keep it open once where that fails."""
        if (
            event is not None
            and watched is self._window
            and event.type() == QEvent.Type.Close
        ):
            # A program that closes the window has nobody to ask.
            if event.spontaneous() and self._is_held_up():
                event.ignore()
                return True
            troubles = self._save()
            if troubles and not self._warned:
                # The second time the grader means it.
                self._warned = True
                self._warn(
                    f"{troubles[0]} Choose another folder, or close again to lose it."
                )
                event.ignore()
                return True
            self._asked = True
        elif (
            event is not None
            and watched is self._window
            and self._asked
            and event.type() == QEvent.Type.Hide
            and not event.spontaneous()
        ):
            # It did close: it hides itself while everything in it is still there.
            self._shut_down()
            return False
        return super().eventFilter(watched, event)
