"""Calls a function once, soon, however often it is asked for meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

AFTER_THE_FRAME = 150
"""Milliseconds that all else waits for the model's answer to be on the screen. A click
is answered in less; what is drawn meanwhile takes the processor from the model, and
every change of a panel makes the whole window be put together anew."""
AFTER_THE_DOTS = 200
"""Milliseconds until panels follow: the dots of the clicks come first, and the window
stands still for neither of the two for long."""
A_TURN_LATER = 20
"""Milliseconds in which the frame is drawn once."""


class Soon:
    """A call that is put off.

    Parameters
    ----------
    function : callable
        What is called, without arguments.
    milliseconds : int
        How long after it was first asked for.
    """

    def __init__(self, function: Callable[[], object], milliseconds: int) -> None:
        self._function = function
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(milliseconds)
        self._timer.timeout.connect(function)

    def __call__(self, *_: object) -> None:
        """Ask for the call; whatever a signal says with it is passed over."""
        if not self._timer.isActive():
            self._timer.start()

    def now(self) -> None:
        """Make the call at once where it is still to come."""
        if self._timer.isActive():
            self._timer.stop()
            self._function()

    def stop(self) -> None:
        """Ask for nothing any more."""
        self._timer.stop()
