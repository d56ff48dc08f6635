"""SAM2's own Hiera trunk, run on the visible mask units alone.

No parameter lives here: the functions walk through the modules of a dense
`sam2.modeling.backbones.hieradet.Hiera` and give what the dense trunk gives, without
spending anything on masked units. That works without padding because

- stages 1 and 2 and the first block of stage 3 attend inside one 32-pixel unit,
- the other windows of stages 3 and 4 hold exactly `window` x `window` units, each with
  the same number of visible ones (`masking`),
- global blocks attend over all visible tokens.

Attention does not care for the order of its tokens, so a window of visible units is
nothing but a shorter sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from mae_sam2_training.masking import UNIT

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mae_sam2_training.masking import UnitMask


def window_units(trunk: nn.Module) -> int:
    """Side of the trunk's large windows in mask units: 7, or 8 for the large trunk.

    Raises
    ------
    ValueError
        If the trunk's windows do not line up with 32-pixel units.
    """
    spec = tuple(int(size) for size in trunk.window_spec)  # type: ignore[union-attr]
    side = spec[-1]
    stride = int(trunk.patch_embed.proj.stride[0])  # type: ignore
    if spec != (UNIT // stride, UNIT // stride // 2, 2 * side, side):
        raise ValueError(
            f"this trunk's windows {spec} do not line up with {UNIT}-pixel mask units"
        )
    return side


def encode_visible(trunk: nn.Module, images: Tensor, mask: UnitMask) -> list[Tensor]:
    """Run the trunk on the visible units.

    Parameters
    ----------
    trunk : sam2.modeling.backbones.hieradet.Hiera
        The trunk of a SAM2 model; its parameters are used in place.
    images : float tensor of shape (B, 3, H, W)
        Normalised as SAM2 expects it.
    mask : UnitMask
        Of the same batch and size.

    Returns
    -------
    list of four float tensors of shape (B, units, t, t, C)
        The outputs of the stages for the visible units in the order of
        `mask.visible`; t is 8, 4, 2, 1 tokens a side.
    """
    side = window_units(trunk)
    windows = mask.visible.shape[1]
    x = embed_visible(trunk, images, mask)
    ends = set(trunk.stage_ends)  # type: ignore[arg-type]
    outputs = []
    tokens_in_window = {1: side, 2: 2 * side}  # tokens a side in a unit -> window
    for index, block in enumerate(trunk.blocks):  # type: ignore[arg-type]
        batch, units, tokens = x.shape[:3]
        if block.window_size == 0:
            groups = batch
        elif block.window_size == tokens:
            groups = batch * units
        elif block.window_size == tokens_in_window.get(tokens):
            groups = batch * windows
        else:
            raise ValueError(
                f"block {index} has windows of {block.window_size} tokens where a"
                f" mask unit has {tokens}"
            )
        x = _block(block, x, groups)
        if index in ends:
            outputs.append(x)
    return outputs


def embed_visible(trunk: nn.Module, images: Tensor, mask: UnitMask) -> Tensor:
    """Patch and position embedding of the visible units, (B, units, 8, 8, C).

    The patches overlap (7 x 7 pixels, stride 4), so those at the edge of a visible
    unit reach into its neighbours: masked pixels are blanked first. Zero is what the
    convolution pads the image with, too.
    """
    images = images.masked_fill(mask.hidden_pixels, 0.0)

    conv: Any = trunk.patch_embed.proj  # type: ignore[union-attr]
    kernel, stride, before = conv.kernel_size[0], conv.stride[0], conv.padding[0]
    reach = UNIT - stride + kernel  # the last patch of a unit ends inside the unit
    visible = mask.visible.flatten(1)  # [B, units]
    batch, units = visible.shape
    patches = F.pad(images, (before, reach - UNIT - before) * 2)
    patches = patches.unfold(2, reach, UNIT).unfold(3, reach, UNIT)
    which = torch.arange(batch, device=images.device)[:, None]
    patches = patches[which, :, visible // mask.cols, visible % mask.cols]
    x = F.conv2d(patches.flatten(0, 1), conv.weight, conv.bias, stride=conv.stride)
    x = x.permute(0, 2, 3, 1).unflatten(0, (batch, units))  # [B, units, 8, 8, C]
    return x + _positions(trunk, mask, UNIT // stride)


def _positions(trunk: nn.Module, mask: UnitMask, tokens: int) -> Tensor:
    """Windowed position embedding (arXiv 2311.05613) at the visible tokens."""
    size = (mask.rows * tokens, mask.cols * tokens)
    everywhere: Any = F.interpolate(trunk.pos_embed, size=size, mode="bicubic")  # type: ignore
    everywhere = everywhere[0].permute(1, 2, 0)  # [H / 4, W / 4, C]
    everywhere = everywhere.unflatten(0, (mask.rows, tokens))
    everywhere = everywhere.unflatten(2, (mask.cols, tokens))
    units = everywhere.transpose(1, 2).flatten(0, 1)  # [all units, 8, 8, C]
    visible = mask.visible.flatten(1)
    background = units.index_select(0, visible.flatten()).unflatten(0, visible.shape)
    # the window embedding repeats with every unit: both are 8 x 8 tokens
    return background + trunk.pos_embed_window[0].permute(1, 2, 0)  # type: ignore


def _block(block: Any, x: Tensor, groups: int) -> Tensor:
    """One multi-scale block on (B, units, t, t, C) with attention inside groups."""
    shortcut = x
    x = block.norm1(x)
    if block.dim != block.dim_out:
        shortcut = block.proj(x)
        if block.q_stride:
            shortcut = _pool(shortcut)
    x = shortcut + block.drop_path(
        _attention(block.attn, x, groups, pooled=bool(block.q_stride))
    )
    return x + block.drop_path(block.mlp(block.norm2(x)))


def _attention(attn: Any, x: Tensor, groups: int, *, pooled: bool) -> Tensor:
    q, k, v = attn.qkv(x).chunk(3, dim=-1)  # each [B, units, t, t, C]
    if pooled:
        q = _pool(q)
    shape = q.shape

    def heads(part: Tensor) -> Tensor:
        part = part.reshape(groups, -1, attn.num_heads, shape[-1] // attn.num_heads)
        return part.transpose(1, 2)  # [groups, heads, tokens, channels]

    out = F.scaled_dot_product_attention(heads(q), heads(k), heads(v))
    return attn.proj(out.transpose(1, 2).reshape(shape))


def _pool(x: Tensor) -> Tensor:
    """Max-pool 2 x 2 tokens inside each unit of (B, units, t, t, C)."""
    x = torch.maximum(x[:, :, 0::2], x[:, :, 1::2])
    return torch.maximum(x[:, :, :, 0::2], x[:, :, :, 1::2])
