"""Fine-tuning the last blocks of the trunk together with a head fitted before.

The head first and the encoder after it (Kumar 2022): a head that knows nothing would
spoil the features in its first steps.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from mae_sam2_training.classification.head import class_weights
from napari_mae_sam2.model.pooling import pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sam2.modeling.sam2_base import SAM2Base

    from mae_sam2_training.classification.config import EncoderConfig
    from napari_mae_sam2.model.head import PooledHead


def tune(
    model: SAM2Base,
    head: PooledHead,
    count: int,
    image: Callable[[int], torch.Tensor],
    truth: Sequence[int],
    config: EncoderConfig,
    seed: int,
) -> tuple[SAM2Base, PooledHead]:
    """Train a copy of the model's last blocks and of the head.

    Parameters
    ----------
    model : SAM2Base
        Not changed.
    head : PooledHead
        Fitted on the model's features; not changed.
    count : int
        Training frames.
    image : callable
        `image(index)` gives the encoder's input of a frame, of shape (1, 3, S, S).
    truth : sequence of int
        Index of each frame's class.
    config : EncoderConfig
    seed : int
        Of the order and of mirroring; the same seed gives the same weights.

    Returns
    -------
    tuple of SAM2Base and PooledHead
        In eval mode.
    """
    rng = np.random.default_rng(seed)
    device = next(model.parameters()).device
    tuned, own = copy.deepcopy(model), copy.deepcopy(head).to(device)
    tuned.requires_grad_(False)
    blocks = tuned.image_encoder.trunk.blocks[-config.blocks :]
    blocks.requires_grad_(True)
    weight = class_weights(torch.tensor(truth), own.classes).to(device)
    trained = [*blocks.parameters(), *own.parameters()]
    optimiser = torch.optim.AdamW(trained, config.learning_rate, weight_decay=0.01)
    labels = torch.tensor(truth, device=device)
    for _ in range(config.epochs):
        order = rng.permutation(count)
        for start in range(0, count, config.batch):
            chosen = order[start : start + config.batch]
            images = torch.cat([image(int(n)) for n in chosen]).to(device)
            if rng.random() < 0.5:
                images = images.flip(-1)  # a left eye for a right one
            optimiser.zero_grad()
            logits = own(pooled(tuned, images))
            cross_entropy(logits, labels[chosen.tolist()], weight).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
    return tuned, own.eval()
