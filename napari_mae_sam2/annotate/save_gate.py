"""Holds saves back until it is known who saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NO_CODE = "Enter your grader code to save it."


class SaveGate:
    """Lets saves through, or keeps them for later.

    Parameters
    ----------
    may_save : callable
        Tells whether it is known who saves, and asks where it is not; gets True where
        the grader asked to save.
    """

    def __init__(self, may_save: Callable[[bool], bool]) -> None:
        self._may_save = may_save
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_waiting(self) -> bool:
        """True where something waits for a code."""
        return bool(self._waiting)

    def holds(self, act: Callable[[], None], is_wanted: bool) -> bool:
        """Keep something for later where nobody has given a code; tell whether.

        Where there is a code by now, what waited for one is done first.
        """
        if self._may_save(is_wanted):
            self.open()
            return False
        self._waiting.append(act)
        return True

    def open(self) -> None:
        """Do what waited."""
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    def forget(self) -> None:
        """Do nothing of it."""
        self._waiting = []
