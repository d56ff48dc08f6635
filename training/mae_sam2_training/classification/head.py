"""The pooled head: standardised features in, one logit per class out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mae_sam2_training.engine.atomic import write_bytes
from napari_mae_sam2.model.checkpoint import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.classification.config import HeadConfig

_FORMAT = "mae-sam2-head-1"


class PooledHead(nn.Module):
    """A linear or one-layer head on pooled features.

    Parameters
    ----------
    features, classes : int
        Widths in and out.
    hidden : int
        Of the hidden layer; 0 for none.
    dropout : float
        Before the last layer, where there is a hidden one.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, features: int, classes: int, hidden: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.classes = classes
        self.layers: nn.Module
        if hidden:
            self.layers = nn.Sequential(
                nn.Linear(features, hidden),
                nn.GELU(),
                nn.Dropout(dropout),
                nn.Linear(hidden, classes),
            )
        else:
            self.layers = nn.Linear(features, classes)
            nn.init.zeros_(self.layers.weight)
            nn.init.zeros_(self.layers.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Give logits of shape (B, C) for features of shape (B, F)."""
        # of unit length on average, so that no width needs a rate of its own
        standard = (features - self.mean) / self.scale / features.shape[1] ** 0.5
        logits: Tensor = self.layers(standard)
        return logits


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


@dataclass(frozen=True, slots=True)
class HeadCard:
    """What a head is for.

    Attributes
    ----------
    classes : tuple of str
        In the order of the logits.
    encoder : str
        Fingerprint of the encoder whose features it takes.
    image_size : int
        Side of the encoder's input.
    hidden : int
        Width of the hidden layer, 0 for none.
    metrics : dict of str to float
        Held out, over the folds.
    """

    classes: tuple[str, ...]
    encoder: str
    image_size: int
    hidden: int
    metrics: dict[str, float]


def save_head(path: Path, head: PooledHead, card: HeadCard) -> None:
    """Write a head with its card, whole or not at all."""
    values = {
        "format": _FORMAT,
        "classes": list(card.classes),
        "encoder": card.encoder,
        "image_size": card.image_size,
        "hidden": card.hidden,
        "metrics": card.metrics,
    }
    tensors = {
        name: t.detach().cpu().contiguous() for name, t in head.state_dict().items()
    }
    write_bytes(path, save(tensors, {"head": json.dumps(values)}))


def load_head(path: Path, encoder: str | None = None) -> tuple[PooledHead, HeadCard]:
    """Read a head.

    Parameters
    ----------
    path : Path
        From `save_head`.
    encoder : str, optional
        Fingerprint of the encoder in use; a head of another one is refused.

    Raises
    ------
    CheckpointError
        If the file is absent, damaged, no head, or of another encoder.
    """
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {}).get("head", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read as a classification head: choose a file that "
            "classify has written."
        ) from error
    if values.get("format") != _FORMAT:
        raise CheckpointError(
            f"{path} is no classification head of this version: choose a file that "
            "classify has written."
        )
    card = HeadCard(
        classes=tuple(values["classes"]),
        encoder=values["encoder"],
        image_size=values["image_size"],
        hidden=values["hidden"],
        metrics=values["metrics"],
    )
    if encoder is not None and encoder != card.encoder:
        raise CheckpointError(
            f"{path} was trained on another encoder than the one in use: choose the "
            "weights that it was trained with."
        )
    head = PooledHead(len(tensors["mean"]), len(card.classes), card.hidden)
    head.load_state_dict(tensors)
    return head.eval(), card
