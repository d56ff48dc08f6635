"""Stopping the encoder between two of its layers.

A forward pass cannot be interrupted from outside, so the layers ask. What they ask
belongs to the thread that runs them, so that two predictors, or two threads on one
model, never stop each other.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

_asked = threading.local()
_listening: WeakSet[nn.Module] = WeakSet()
_lock = threading.Lock()


def make_cancellable(module: nn.Module) -> None:
    """Let every layer of a module ask, before it runs, whether to go on.

    The hooks stay for good: adding and removing them while another thread runs the
    module would not be safe. Outside of `cancelled_by` they cost next to nothing.
    """
    with _lock:
        if module in _listening:
            return
        for layer in module.modules():
            layer.register_forward_pre_hook(_ask)
        _listening.add(module)


@contextmanager
def cancelled_by(cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """Ask `cancelled` from every layer that this thread runs meanwhile.

    Raises
    ------
    Cancelled
        Out of the layer at which it answered True.
    """
    before = getattr(_asked, "cancelled", None)
    _asked.cancelled = cancelled
    try:
        yield
    finally:
        _asked.cancelled = before


def _ask(module: nn.Module, inputs: object) -> None:
    cancelled = getattr(_asked, "cancelled", None)
    if cancelled is not None and cancelled():
        raise Cancelled
