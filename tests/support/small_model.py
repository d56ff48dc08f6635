"""A model with random weights that sees 64 pixels a side: real code, and quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import save_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def save_small_model(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    card = ModelCard(architecture="tiny", image_size=64)
    save_checkpoint(path, build_model(Architecture("tiny"), image_size=64), card)
    return path
