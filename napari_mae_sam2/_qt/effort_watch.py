"""Hears every key, click and movement in the window, for the time on task."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QInputEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_mae_sam2._qt.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession

_CLICKS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_INPUTS = (*_CLICKS, QEvent.Type.MouseMove, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class EffortWatch(Part):
    """Tells the case in hand of the grader's input.

    Parameters
    ----------
    dock : LeakageWidget
        In the window that is listened to.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._session: CaseSession | None = None
        self._listener = _Listener(dock, self._on_input)

    def show_case(self, session: CaseSession | None) -> None:
        """Count for another case, or for none."""
        if self._session is not None:
            self._session.effort.pause()
        self._session = session
        if session is not None:
            # To look at a frame is work, too: it begins when the frame is there.
            session.effort.input(time.monotonic())

    def close(self) -> None:
        """Listen no more."""
        self._session = None
        self._listener.close()

    def _on_input(self, click: bool) -> None:
        if self._session is not None:
            self._session.effort.input(time.monotonic(), click)


class _Listener(QObject):
    """An event filter over the application that looks at input for one window."""

    def __init__(self, dock: QWidget, on_input: Callable[[bool], None]) -> None:
        super().__init__(dock)
        self._dock = dock
        self._on_input = on_input
        self._latest = -1
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def close(self) -> None:
        application = QApplication.instance()
        if application is not None and isalive(self):
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if (
            event is not None
            and event.type() in _INPUTS
            and isinstance(watched, QWidget)
            and isinstance(event, QInputEvent)
            and event.timestamp() != self._latest
            and watched.window() is self._dock.window()
        ):
            # An event that a widget passes on to its parent comes here again.
            self._latest = event.timestamp()
            self._on_input(event.type() in _CLICKS)
        return False
