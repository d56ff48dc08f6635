"""The light decoder of the masked pre-training; thrown away afterwards.

As in Hiera's own masked autoencoder (arXiv 2306.00989) it fuses the visible tokens of
all four stages at the resolution of the mask units, puts a mask token at every hidden
unit and predicts the pixels of a unit from its token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mae_sam2_training.masking import UnitMask


class MaskedDecoder(nn.Module):
    """Predict the pixels of the masked units from the visible tokens.

    Parameters
    ----------
    channels : sequence of int
        Channels of the trunk's stages, first stage first.
    width : int
        Channels of the decoder; a multiple of 4 and of `heads`.
    depth, heads : int
        Transformer blocks and their attention heads.
    pixels : int
        Values to predict for a unit.
    """

    def __init__(
        self,
        channels: Sequence[int],
        width: int = 256,
        depth: int = 4,
        heads: int = 8,
        pixels: int = 3 * 32 * 32,
    ) -> None:
        super().__init__()
        self.width = width
        sides = [2**power for power in reversed(range(len(channels)))]  # 8, 4, 2, 1
        # the stages differ in scale by orders of magnitude, hence the norms
        self.fuse = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(count),
                nn.Flatten(2),
                nn.Linear(side * side * count, width),
            )
            for side, count in zip(sides, channels, strict=True)
        )
        self.mask_token = nn.Parameter(torch.zeros(width))
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width,
                heads,
                4 * width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, pixels)

    def forward(self, features: Sequence[Tensor], mask: UnitMask) -> Tensor:
        """Predict all masked units.

        Parameters
        ----------
        features : sequence of float tensors of shape (B, visible units, t, t, C)
            From `hiera_sparse.encode_visible`.
        mask : UnitMask
            The mask they were encoded with.

        Returns
        -------
        float tensor of shape (B, masked units, pixels)
            In the order of `mask.masked`.
        """
        fused = torch.stack(
            [fuse(x) for fuse, x in zip(self.fuse, features, strict=True)]
        ).sum(0)  # [B, visible units, width]
        visible, masked = mask.visible.flatten(1), mask.masked.flatten(1)
        where = sincos_positions(mask.rows, mask.cols, self.width).to(fused)
        hidden = self.mask_token.to(fused.dtype) + where[masked]
        # Attention does not care for the order: the visible units simply come first.
        x = torch.cat([fused + where[visible], hidden], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, visible.shape[1] :]))


def sincos_positions(rows: int, cols: int, width: int) -> Tensor:
    """Give every unit a fixed sine and cosine embedding, (rows * cols, width).

    Raises
    ------
    ValueError
        If the width is no multiple of 4.
    """
    if width % 4:
        raise ValueError(f"the decoder's width must be a multiple of 4, not {width}")
    omega = 10000.0 ** -(torch.arange(width // 4) / (width // 4))
    down = torch.arange(rows)[:, None] * omega  # [rows, width / 4]
    across = torch.arange(cols)[:, None] * omega
    parts = [
        down.sin()[:, None].expand(rows, cols, -1),
        down.cos()[:, None].expand(rows, cols, -1),
        across.sin()[None].expand(rows, cols, -1),
        across.cos()[None].expand(rows, cols, -1),
    ]
    return torch.cat(parts, dim=-1).flatten(0, 1)
