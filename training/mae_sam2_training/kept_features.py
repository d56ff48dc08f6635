"""What keeps a masked pre-training from forgetting: the features of before.

A masked autoencoder on few frames soon moves the trunk to features that SAM 2's neck
and decoder no longer read, and throws away what SAM 2 learnt from a billion masks.
Some whole crops of each batch are therefore shown to the trunk that the run started
from as well, and what the two make of them is to stay alike, stage by stage. Source:
learning without forgetting (arXiv 1606.09282), on features instead of answers.

An angiogram means the same whichever way it lies, a photograph does not, and SAM 2
knows photographs. Where the trunk of before sees a crop turned in several ways, the
mean of its features is what the trunk in training learns to give at the first look.
Source: data distillation (arXiv 1712.04440).
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

TURNS: Final = 8
"""Ways to turn a picture by right angles, mirrored or not."""


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

    def distance(
        self, trunk: nn.Module, images: Tensor, turns: Sequence[int] = (0,)
    ) -> Tensor:
        """Give how far the features of whole images have moved.

        Parameters
        ----------
        trunk : sam2.modeling.backbones.hieradet.Hiera
            In training.
        images : float tensor of shape (B, 3, H, W)
            Normalised as SAM2 expects it; nothing is masked. Square where turned.
        turns : sequence of int
            How the trunk of before sees them, of the `TURNS` ways to turn and mirror a
            picture; 0 is as they are. The mean of its features counts.

        Returns
        -------
        float tensor without dimensions
            Mean squared difference of the features, each token's normalised over its
            channels; the mean of the stages. 0 for alike, 2 for unrelated ones.
        """
        before = self.features(images, turns)
        apart = [
            F.mse_loss(_normalised(now), then)
            for now, then in zip(trunk(images), before, strict=True)
        ]
        return torch.stack(apart).mean()

    @torch.no_grad()
    def features(self, images: Tensor, turns: Sequence[int]) -> list[Tensor]:
        """Give the features of before.

        Parameters
        ----------
        images, turns
            As for `distance`.

        Returns
        -------
        list of float32 tensor of shape (B, H, W, C)
            One for each stage, normalised over the channels.
        """
        trunk = self._before.to(images.device)
        seen = [
            [_turned_back(_normalised(x), turn) for x in trunk(_turned(images, turn))]
            for turn in turns
        ]
        if len(turns) == 1:
            return seen[0]
        means = [torch.stack(stage).mean(0) for stage in zip(*seen, strict=True)]
        return [F.layer_norm(mean, mean.shape[-1:]) for mean in means]


def _turned(images: Tensor, turn: int) -> Tensor:
    """Mirror (B, C, H, W) from 4 on, then turn by `turn` % 4 right angles."""
    images = images.flip(-1) if turn >= 4 else images
    return images.rot90(turn % 4, (-2, -1))


def _turned_back(features: Tensor, turn: int) -> Tensor:
    """Undo `_turned` on (B, H, W, C)."""
    features = features.rot90(-(turn % 4), (1, 2))
    return features.flip(2) if turn >= 4 else features


def _normalised(features: Tensor) -> Tensor:
    """Normalise (B, C, H, W) over the channels: stages differ in scale by far."""
    tokens = features.float().movedim(1, -1)
    return F.layer_norm(tokens, tokens.shape[-1:])
