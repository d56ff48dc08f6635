"""A model with random weights that sees few pixels a side: real code, and quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import save_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def save_small_model(path: Path, seed: int, side: int = 64, name: str = "") -> Path:
    torch.manual_seed(seed)
    card = ModelCard(architecture="tiny", image_size=side, name=name)
    save_checkpoint(path, build_model(Architecture("tiny"), image_size=side), card)
    return path
