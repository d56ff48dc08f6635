"""Classification heads: what they are, and the files they are kept in.

A head takes the pooled features of a frame and tells one thing about it, such as its
phase. `mae-sam2-train classify` fits heads; `classifier` applies them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model import pooling, preprocess
from napari_mae_sam2.model.head_name import check_name
from napari_mae_sam2.model.weight_file import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT: Final = "mae-sam2-head-1"

FEATURES: Final = f"{preprocess.VERSION} {pooling.VERSION}"
"""How a frame becomes features; a head understands no others."""

UNNAMED: Final = "label"
"""What a head tells that was fitted without a name."""


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
    name : str
        What it tells, such as "phase"; names the column of its answers.
    features : str
        `FEATURES` of the program that fitted it; empty in earlier files.
    """

    classes: tuple[str, ...]
    encoder: str
    image_size: int
    hidden: int
    metrics: dict[str, float]
    name: str = UNNAMED
    features: str = FEATURES


def head_bytes(head: PooledHead, card: HeadCard) -> bytes:
    """Give the content of a head's file, which `load_head` reads."""
    tensors = {
        name: t.detach().cpu().contiguous() for name, t in head.state_dict().items()
    }
    return save(tensors, {"head": json.dumps({"format": _FORMAT, **asdict(card)})})


def load_head(path: Path, encoder: str | None = None) -> tuple[PooledHead, HeadCard]:
    """Read a head.

    Parameters
    ----------
    path : Path
        Written by `mae-sam2-train classify`.
    encoder : str, optional
        Fingerprint of the encoder in use; a head of another one is refused.

    Returns
    -------
    tuple of PooledHead and HeadCard
        The head on the CPU, in eval mode.

    Raises
    ------
    CheckpointError
        If the file is absent, damaged, no head, or of another encoder.
    """
    if not path.exists():
        raise CheckpointError(f"The head {path} does not exist: check the path.")
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder: give the head.safetensors in it.")
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {}).get("head", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read as a classification head: choose a file that "
            "classify has written."
        ) from error
    if not isinstance(values, dict) or values.pop("format", None) != _FORMAT:
        raise CheckpointError(
            f"{path} is no classification head of this version: choose a file that "
            "classify has written."
        )
    try:
        card = TypeAdapter(HeadCard).validate_python({"features": ""} | values)
        check_name(card.name)
        head = PooledHead(len(tensors["mean"]), len(card.classes), card.hidden)
        head.load_state_dict(tensors)
    except (PlainError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} is damaged: fit the head again with classify."
        ) from error
    if encoder is not None and encoder != card.encoder:
        raise CheckpointError(
            f"{path} was trained on another encoder than the one in use: choose the "
            "weights that it was trained with, or fit it again."
        )
    if card.features and card.features != FEATURES:
        raise CheckpointError(
            f"{path} was fitted by another version of this program, which read frames "
            "differently: fit it again with classify."
        )
    return head.eval(), card
