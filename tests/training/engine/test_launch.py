from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mae_sam2_training.config import RunConfig
from mae_sam2_training.engine.launch import launch

if TYPE_CHECKING:
    import pytest


def test_a_device_that_computes_wrongly_is_not_taken_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert launch(RunConfig()).device == torch.device("cpu")
