"""What keeps a masked pre-training from forgetting: the features of before.

A masked autoencoder on few frames soon moves the trunk to features that SAM 2's neck
and decoder no longer read, and throws away what SAM 2 learnt from a billion masks.
Some whole crops of each batch are therefore shown to the trunk that the run started
from as well, and what the two make of them is to stay alike, stage by stage. Source:
learning without forgetting (arXiv 1606.09282), on features instead of answers.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor, nn


class KeptFeatures:
    """Compares a trunk in training with what it was.

    No module: the trunk of before is neither trained nor saved.

    Parameters
    ----------
    trunk : sam2.modeling.backbones.hieradet.Hiera
        As it is now; copied.
    """

    def __init__(self, trunk: nn.Module) -> None:
        self._before = deepcopy(trunk).eval().requires_grad_(False)

    def distance(self, trunk: nn.Module, images: Tensor) -> Tensor:
        """Give how far the features of whole images have moved.

        Parameters
        ----------
        trunk : sam2.modeling.backbones.hieradet.Hiera
            In training.
        images : float tensor of shape (B, 3, H, W)
            Normalised as SAM2 expects it; nothing is masked.

        Returns
        -------
        float tensor without dimensions
            Mean squared difference of the features, each token's normalised over its
            channels; the mean of the stages. 0 for alike, 2 for unrelated ones.
        """
        with torch.no_grad():
            before = self._before.to(images.device)(images)
        apart = [
            F.mse_loss(_normalised(now), _normalised(then))
            for now, then in zip(trunk(images), before, strict=True)
        ]
        return torch.stack(apart).mean()


def _normalised(features: Tensor) -> Tensor:
    """Normalise (B, C, H, W) over the channels: stages differ in scale by far."""
    tokens = features.float().movedim(1, -1)
    return F.layer_norm(tokens, tokens.shape[-1:])
