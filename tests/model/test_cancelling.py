from __future__ import annotations

import gc
import threading
import weakref

import pytest
import torch
from torch import nn

from napari_mae_sam2.model.cancelling import cancelled_by, make_cancellable
from napari_mae_sam2.model.protocol import Cancelled


@pytest.fixture
def layers() -> nn.Sequential:
    module = nn.Sequential(*(nn.Linear(2, 2) for _ in range(5)))
    make_cancellable(module)
    return module


def test_every_layer_asks_once(layers: nn.Sequential) -> None:
    asked = []
    make_cancellable(layers)  # a second time changes nothing

    with cancelled_by(lambda: bool(asked.append(1))):
        layers(torch.zeros(1, 2))

    assert len(asked) == 6


def test_true_stops_at_the_next_layer_and_only_this_once(layers: nn.Sequential) -> None:
    asked = []

    def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled), cancelled_by(third):
        layers(torch.zeros(1, 2))

    assert len(asked) == 3
    layers(torch.zeros(1, 2))
    assert len(asked) == 3


def test_another_thread_is_not_stopped(layers: nn.Sequential) -> None:
    done = []
    inside = threading.Event()

    def other() -> None:
        inside.wait(10)
        done.append(layers(torch.zeros(1, 2)))

    thread = threading.Thread(target=other)
    thread.start()
    with cancelled_by(lambda: True):
        inside.set()
        thread.join(10)
        with pytest.raises(Cancelled):
            layers(torch.zeros(1, 2))
    assert len(done) == 1


def test_a_module_is_not_kept_alive() -> None:
    module = nn.Linear(1, 1)
    make_cancellable(module)
    gone = weakref.ref(module)
    del module
    gc.collect()
    assert gone() is None
