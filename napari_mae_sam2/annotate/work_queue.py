"""A background thread that always does the most important of what is wanted.

Whoever owns it says what is wanted, all of it and in order, as often as that changes.
What runs and is no longer the first of it is told to stop at once; it begins again
when its turn comes. So nothing that can wait ever stands before what cannot.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

LONGEST_PAUSE = 2.0
"""Seconds after which work goes on although nobody said so."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Something to be done once.

    Attributes
    ----------
    key : hashable
        Two tasks with the same key do the same.
    run : callable
        Gets a function that answers True once the work is no longer wanted, and
        that keeps it waiting while the queue is paused; it may then raise
        `Cancelled`.
    """

    key: Hashable
    run: Callable[[Callable[[], bool]], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What became of a task: a result, or the error that it ended with."""

    key: Hashable
    result: Any = None
    error: Exception | None = None


class WorkQueue:
    """Does the first of the tasks that are wanted, in a thread of its own.

    Parameters
    ----------
    deliver : callable
        Gets the `Done` of every task that was not stopped, in the queue's thread.
    name : str
        Name of the thread.
    """

    def __init__(self, deliver: Callable[[Done], None], name: str) -> None:
        self._deliver = deliver
        self._change = threading.Condition()
        self._going = threading.Event()
        self._going.set()
        self._pauses = 0
        self._wanted: list[Task] = []
        self._done: set[Hashable] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def want(self, tasks: Sequence[Task]) -> None:
        """Say what is wanted from now on, the most important first.

        A task that was done is not done again, until it was not wanted in between.
        """
        with self._change:
            self._wanted = list(tasks)
            self._done &= {task.key for task in tasks}
            self._change.notify_all()

    def pause(self) -> None:
        """Let the running task wait where it can; `go_on` as often as this."""
        with self._change:
            self._pauses += 1
            self._going.clear()

    def go_on(self) -> None:
        """End a pause."""
        with self._change:
            self._pauses -= 1
            if not self._pauses:
                self._going.set()

    def close(self, timeout: float | None = 10.0) -> bool:
        """Stop for good and wait for the thread; False where it had not ended."""
        with self._change:
            self._closed = True
            self._wanted = []
            self._going.set()
            self._change.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _next(self) -> Task | None:
        return next((t for t in self._wanted if t.key not in self._done), None)

    def _is_unwanted(self, key: Hashable) -> bool:
        self._going.wait(LONGEST_PAUSE)
        with self._change:
            first = self._next()
            return first is None or first.key != key

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or self._next() is not None)
                task = self._next()
                if self._closed or task is None:
                    return
            unwanted = partial(self._is_unwanted, task.key)
            try:
                done = Done(task.key, task.run(unwanted))
            except Cancelled as error:
                if unwanted():
                    continue
                done = Done(task.key, error=error)
            except Exception as error:
                done = Done(task.key, error=error)
            with self._change:
                if task.key not in {each.key for each in self._wanted}:
                    continue
                self._done.add(task.key)
            self._deliver(done)
