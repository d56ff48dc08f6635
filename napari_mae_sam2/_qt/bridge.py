"""Runs functions on the GUI thread for workers that live elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable


class GuiThread(QObject):
    """Hands functions to the thread in which this object was made.

    Parameters
    ----------
    parent : QObject, optional
        What is posted after the parent is gone is dropped.
    """

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, function: Callable[[], None]) -> None:
        """Run a function on the GUI thread, soon; may be called from any thread."""
        if self._open:
            # The window may go away while a worker still has something to say.
            with suppress(RuntimeError):
                self._posted.emit(function)

    def close(self) -> None:
        """Drop what is posted from now on."""
        self._open = False

    @Slot(object)
    def _run(self, function: Callable[[], None]) -> None:
        if self._open:
            function()
