from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from small_model import save_small_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models as small as these only wait for each other on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAM 2 tiny with fresh weights for inputs of 64 pixels: quick, and real."""
    return save_small_model(tmp_path_factory.mktemp("weights") / "a.safetensors", 0)
