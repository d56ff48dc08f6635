"""Ctrl-C and SIGTERM: a run ends between two steps, everything else at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType


class Stopped(Exception):
    """Raised out of a run that a signal ended; the same command resumes it.

    Attributes
    ----------
    exit_code : int
        130 after Ctrl-C (SIGINT), 143 after SIGTERM, as shells count it.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum


class StopSignal:
    """Remembers SIGINT and SIGTERM while the block runs; a second one kills at once.

    Outside the main thread signals cannot be caught, and nothing is done.
    """

    def __init__(self) -> None:
        self._signum: int | None = None
        self._before: dict[int, signal.Handlers] = {}

    def __enter__(self) -> StopSignal:
        """Start to listen."""
        if threading.current_thread() is threading.main_thread():
            for signum in (signal.SIGINT, signal.SIGTERM):
                self._before[signum] = signal.signal(signum, self._caught)  # type: ignore[assignment]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the former handlers back."""
        self._restore()

    def _restore(self) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
        self._before.clear()

    def _caught(self, signum: int, frame: FrameType | None) -> None:
        self._signum = signum
        self._restore()

    @property
    def signum(self) -> int:
        """The signal that came, or 0."""
        return self._signum or 0

    def check(self) -> None:
        """Raise `Stopped` if a signal came."""
        if self._signum is not None:
            raise Stopped(self._signum)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM inside the block into `Stopped`, at once.

    SIGTERM goes the way of Ctrl-C, since nobody takes KeyboardInterrupt for a fault
    of a file. Outside the main thread signals cannot be caught.
    """
    came: list[int] = []

    def caught(signum: int, frame: FrameType | None) -> None:
        came.append(signum)
        raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, caught) if here else None
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(came[0] if came else signal.SIGINT) from None
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)
