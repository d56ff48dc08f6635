"""Things that are made when somebody looks at them, the latest first, a few kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Key = TypeVar("Key", bound="Hashable")
Made = TypeVar("Made")


class Lazily(Generic[Key, Made]):
    """Makes things in a thread of its own; belongs to the thread that asks.

    Parameters
    ----------
    make : callable
        Makes a thing; slow; must not raise.
    post : callable
        Runs a function on the thread that asks.
    ready : callable
        Told there which thing can be asked for again.
    keep : int
        How many are kept, those asked for last.
    waiting : int
        How many may wait; of more, those asked for first are forgotten: whoever
        scrolls by does not want them any more.
    """

    def __init__(
        self,
        make: Callable[[Key], Made],
        post: Callable[[Callable[[], None]], None],
        ready: Callable[[Key], None],
        keep: int,
        waiting: int,
    ) -> None:
        self._make = make
        self._post = post
        self._ready = ready
        self._keep = keep
        self._most = waiting
        self._made: OrderedDict[Key, Made] = OrderedDict()
        self._wake = threading.Condition()
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="lazily", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._made)

    def get(self, key: Key) -> Made | None:
        """Give a thing; None where it is still to be made, which is then done soon."""
        made = self._made.get(key)
        if made is not None:
            self._made.move_to_end(key)
            return made
        with self._wake:
            self._waiting[key] = None
            self._waiting.move_to_end(key)
            while len(self._waiting) > self._most:
                self._waiting.popitem(last=False)
            self._wake.notify()
        return None

    def clear(self) -> None:
        """Forget everything."""
        with self._wake:
            self._waiting.clear()
        self._made.clear()

    def close(self) -> None:
        """Make nothing more, and wait for what is being made."""
        with self._wake:
            self._closed = True
            self._waiting.clear()
            self._wake.notify()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or bool(self._waiting))
                if self._closed:
                    return
                key, _ = self._waiting.popitem()
            made = self._make(key)

            def take(key: Key = key, made: Made = made) -> None:
                self._made[key] = made
                self._made.move_to_end(key)
                while len(self._made) > self._keep:
                    self._made.popitem(last=False)
                self._ready(key)

            self._post(take)
