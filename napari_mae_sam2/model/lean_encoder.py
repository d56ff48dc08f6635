"""SAM 2's encoder rewritten for engines that run a fixed network: the same, for less.

Two things are taken out by arithmetic. The two finer levels of SAM 2's neck are a 1 x 1
convolution to 256 channels and then the decoder's own to 32 or 64, with nothing between
them: one convolution gives the same. And where the processor computes in bf16, most
linear layers of the trunk do, as PyTorch's autocast has it: what they are summed up and
normalised in stays float32. With everything in bf16, masks of real frames agreed with
those of float32 at a mean IoU of 0.91 only (docs/performance.md).
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base
    from torch import Tensor

    from napari_mae_sam2.model.encoder import Precision


class LeanEncoder(nn.Module):
    """What `forward.encode_images` does, as one network of plain tensors.

    Parameters
    ----------
    model : SAM2Base
        Copied where it is changed.
    precision : {"float32", "bf16"}
        Of most of the trunk's linear layers.

    Raises
    ------
    ValueError
        If the model's neck mixes its finer levels, as no SAM 2 does.
    """

    def __init__(self, model: SAM2Base, precision: Precision = "float32") -> None:
        super().__init__()
        neck = model.image_encoder.neck
        if set(neck.fpn_top_down_levels) & {0, 1} or model.image_encoder.scalp != 1:
            raise ValueError("this model's neck is not that of SAM 2")
        self.trunk = model.image_encoder.trunk
        if precision == "bf16":
            self.trunk = deepcopy(self.trunk)
            # The first block makes the finest features, which a mask's rim is made
            # of; the shortcuts between the stages cost little and carry everything.
            for block in self.trunk.blocks[1:]:
                _to_bf16(block.attn)
                _to_bf16(block.mlp)
        # The neck counts its levels from the coarsest.
        self.coarsest, self.coarse, middle, fine = (level.conv for level in neck.convs)
        decoder = model.sam_mask_decoder
        self.middle = joined(middle, decoder.conv_s1)
        self.fine = joined(fine, decoder.conv_s0)
        self.mixes = 2 in neck.fpn_top_down_levels
        self.averages = neck.fuse_type == "avg"
        self.mode = neck.fpn_interp_model
        self.no_memory = model.no_mem_embed

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode images of shape (B, 3, S, S).

        Returns
        -------
        embedding, fine, middle : float tensors
            As `forward.Features` has them.
        """
        fine, middle, coarse, coarsest = self.trunk(images)
        embedding = self.coarse(coarse)
        if self.mixes:
            embedding = embedding + F.interpolate(
                self.coarsest(coarsest),
                scale_factor=2.0,
                mode=self.mode,
                align_corners=None if self.mode == "nearest" else False,
            )
            if self.averages:
                embedding = embedding / 2
        embedding = embedding + self.no_memory.view(1, -1, 1, 1)
        return embedding, self.fine(fine), self.middle(middle)


def joined(first: nn.Conv2d, second: nn.Conv2d) -> nn.Conv2d:
    """Make one 1 x 1 convolution of two that follow each other."""
    one, two = first.weight[:, :, 0, 0], second.weight[:, :, 0, 0]
    both = nn.Conv2d(one.shape[1], two.shape[0], 1)
    with torch.no_grad():
        both.weight.copy_((two @ one)[:, :, None, None])
        assert first.bias is not None
        assert second.bias is not None
        assert both.bias is not None
        both.bias.copy_(two @ first.bias + second.bias)
    return both


class _InBf16(nn.Module):
    """A linear layer whose product is computed in bf16."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach().bfloat16())
        self.register_buffer("bias", layer.bias.detach().clone())

    weight: Tensor
    bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.bfloat16(), self.weight).float() + self.bias


def _to_bf16(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, _InBf16(child))
        else:
            _to_bf16(child)
