"""A head fitted on the real features of a small model: bright frames and dark ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mae_sam2_training.classification.config import HeadConfig
from mae_sam2_training.classification.head import fit_head, save_head
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.head import HeadCard
from napari_mae_sam2.model.pooling import pooled
from napari_mae_sam2.model.preprocess import to_input

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("early", "late")


def shade(seed: int, is_bright: bool) -> np.ndarray:
    """Draw a frame of one of the two classes."""
    low = 150 if is_bright else 10
    return np.random.default_rng(seed).integers(low, low + 60, (50, 60)).astype("u1")


def save_small_head(
    path: Path, weights: Path, name: str = "phase", classes: tuple[str, ...] = CLASSES
) -> Path:
    """Write a head that calls dark frames the first class and bright ones the other."""
    loaded = load_model(weights)
    size = int(loaded.model.image_size)
    truth = torch.tensor([n % 2 for n in range(8)])
    with torch.no_grad():
        features = torch.cat(
            [
                pooled(loaded.model, to_input(shade(100 + n, bool(n % 2)), size))
                for n in range(8)
            ]
        )
    head = fit_head(features, truth, 2, HeadConfig(steps=40), seed=0)
    card = HeadCard(classes, loaded.encoder_fingerprint, size, 0, {}, name)
    save_head(path, head, card)
    return path
