"""Fitting a head on pooled features; `napari_mae_sam2.model.head` says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mae_sam2_training.engine.atomic import write_bytes
from napari_mae_sam2.model.head import HeadCard, PooledHead, head_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.classification.config import HeadConfig


def fit_head(
    features: Tensor, truth: Tensor, classes: int, config: HeadConfig, seed: int
) -> PooledHead:
    """Fit a head on all training frames at once.

    Classes count alike, however many frames each has.

    Parameters
    ----------
    features : float tensor of shape (N, F)
    truth : int tensor of shape (N,)
        Index of the class.
    classes : int
        How many there are, also where some have no training frame.
    config : HeadConfig
    seed : int
        Of a hidden layer's start and dropout; the same seed gives the same head.

    Returns
    -------
    PooledHead
        In eval mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        hidden = config.hidden if config.kind == "mlp" else 0
        head = PooledHead(features.shape[1], classes, hidden, config.dropout)
        head.mean.copy_(features.mean(0))
        head.scale.copy_(features.std(0, correction=0).clamp_min(1e-6))
        weight = class_weights(truth, classes)
        optimiser = torch.optim.AdamW(
            head.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
        head.train()
        for _ in range(config.steps):
            optimiser.zero_grad()
            cross_entropy(head(features), truth, weight).backward()
            optimiser.step()
            rate.step()
    return head.eval()


def class_weights(truth: Tensor, classes: int) -> Tensor:
    """Weigh classes so that each counts alike; one without frames gets 0."""
    counts = torch.bincount(truth, minlength=classes).float()
    present = (counts > 0).sum()
    return torch.where(counts > 0, len(truth) / (present * counts), 0.0)


def save_head(path: Path, head: PooledHead, card: HeadCard) -> None:
    """Write a head with its card, whole or not at all."""
    write_bytes(path, head_bytes(head, card))
