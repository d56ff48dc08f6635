"""Pooled features of a frame: every stage of the trunk, its mean and its spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base

VERSION: Final = "mean-std-1"
"""Changes when the same input would give other features; part of cache keys."""


def pooled(model: SAM2Base, images: torch.Tensor) -> torch.Tensor:
    """Pool the stages of the trunk over the frame.

    Parameters
    ----------
    model : SAM2Base
    images : float tensor of shape (B, 3, S, S)
        From `napari_mae_sam2.model.preprocess.to_input`. S is any multiple of 32,
        whatever side the model was built for.

    Returns
    -------
    float tensor of shape (B, F)
        Mean and standard deviation of every channel of the four stages: F is 2,880
        for tiny. Fine stages know of texture and dots, coarse ones of the scene.
    """
    stages = model.image_encoder.trunk(images)  # four of [B, C, h, w]
    parts = [part for stage in stages for part in _two(stage.float().flatten(2))]
    return torch.cat(parts, 1)


def _two(stage: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return stage.mean(2), stage.std(2)
