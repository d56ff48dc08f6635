"""What a part hears of the case in hand, until another case comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance

    Heard = tuple[SignalInstance, Callable[..., object]]


class Following:
    """Connections that are made and dropped together."""

    def __init__(self) -> None:
        self._heard: tuple[Heard, ...] = ()

    def follow(self, *heard: Heard) -> None:
        """Follow these signals in place of those before; nothing without any.

        Parameters
        ----------
        *heard : (SignalInstance, callable)
            A signal, and what is called with what it says.
        """
        for signal, function in self._heard:
            signal.disconnect(function)
        self._heard = heard
        for signal, function in heard:
            signal.connect(function)
