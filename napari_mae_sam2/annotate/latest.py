"""A background thread in which the latest request wins.

A grader clicks faster than a model answers. Whoever waits behind the running
request is replaced by a newer one, the running one is told to stop, and an answer
that is no longer wanted is dropped on its way.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Request, Response]):
    """What became of one request: a response or an error, never both."""

    generation: int
    request: Request
    response: Response | None = None
    error: Exception | None = None


class LatestWins(Generic[Request, Response]):
    """Does requests one at a time in a thread of its own.

    Parameters
    ----------
    work : callable
        Gets the request and a function that answers True once the work is no longer
        wanted; it may then raise `Cancelled`.
    deliver : callable
        Gets the `Outcome` in the worker's thread; to be handed on to the thread that
        shows it, which asks `is_current` before it does.
    name : str
        Name of the thread.
    """

    def __init__(
        self,
        work: Callable[[Request, Callable[[], bool]], Response],
        deliver: Callable[[Outcome[Request, Response]], None],
        name: str,
    ) -> None:
        self._work = work
        self._deliver = deliver
        self._wake = threading.Condition()
        self._pending: tuple[int, Request] | None = None
        self._generation = 0
        self._busy = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> int:
        """Ask for something; whatever was asked before is no longer wanted.

        Returns
        -------
        int
            The generation of this request.
        """
        with self._wake:
            self._generation += 1
            self._pending = (self._generation, request)
            self._wake.notify_all()
            return self._generation

    def cancel(self) -> None:
        """Want nothing any more: stop the running request and forget the pending."""
        with self._wake:
            self._generation += 1
            self._pending = None
            self._wake.notify_all()

    def is_current(self, generation: int) -> bool:
        """Tell whether an outcome of this generation is still wanted."""
        return generation == self._generation and not self._closed

    @property
    def is_busy(self) -> bool:
        """True while a request that is still wanted waits or runs."""
        with self._wake:
            return self._pending is not None or self._busy

    def close(self, timeout: float | None = 10.0) -> bool:
        """Stop for good and wait for the thread.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        bool
            False where the thread had not ended in time.
        """
        with self._wake:
            self._closed = True
            self._pending = None
            self._wake.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _is_stale(self, generation: int) -> bool:
        return not self.is_current(generation)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                self._wake.wait_for(lambda: self._closed or self._pending is not None)
                if self._closed or self._pending is None:
                    return
                generation, request = self._pending
                self._pending = None
                self._busy = True
            outcome: Outcome[Request, Response]
            try:
                response = self._work(request, partial(self._is_stale, generation))
            except Cancelled:
                continue
            except Exception as error:
                outcome = Outcome(generation, request, error=error)
            else:
                outcome = Outcome(generation, request, response)
            if self.is_current(generation):
                self._deliver(outcome)
