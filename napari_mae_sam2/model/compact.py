"""Eight bits for the large matrices: how weights become small enough to ship.

A matrix is cut along its input side into groups of 64 weights; every group has its
own scale, chosen for the least squared error, and symmetric 8-bit steps. Everything
else is stored as float16. Decoding gives float32.

The trunk's first blocks stay float16: they are small, and what they get wrong every
later block builds on. In tiny, on a real frame, 8 bits in the first two (2 % of the
weights) move the embedding as much as 8 bits in all the other blocks together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "int8-group64-v1"
"""Named in the file's metadata, so that a later format can tell itself apart."""

SCALE_SUFFIX: Final = ".int8_scale"
GROUP: Final = 64
SMALLEST: Final = 16384
"""Tensors with fewer values than this gain nothing and stay float16."""

_SENSITIVE: Final = tuple(f"image_encoder.trunk.blocks.{i}." for i in range(4))

_STEPS: Final = 127
# Shares of the largest weight to try as the end of the scale. Giving up the very
# end of the range is seldom worth it with 64 weights to a scale, so they are few.
_SHARES: Final = (1.0, 0.97, 0.94, 0.9, 0.85)


def compress(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Turn float32 weights into 8-bit ones with scales, and float16 ones.

    Parameters
    ----------
    weights : mapping of str to float tensor
        Of any shape.

    Returns
    -------
    dict of str to tensor
        Each large matrix as int8 under its own name, with its float16 scales of
        shape (rows, groups) under the name plus ".int8_scale"; the rest as float16.
    """
    small: dict[str, torch.Tensor] = {}
    for key, tensor in weights.items():
        if is_quantised(key, tensor):
            values, scales = _quantise(_grouped(tensor.float()))
            small[key] = values.reshape(len(tensor), -1)[
                :, : tensor[0].numel()
            ].reshape(tensor.shape)
            small[key + SCALE_SUFFIX] = scales
        else:
            small[key] = tensor.half()
    return {key: tensor.contiguous() for key, tensor in small.items()}


def decompress(stored: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Turn what `compress` made into float32 weights.

    Raises
    ------
    KeyError
        If an 8-bit matrix has no scales.
    ValueError
        If its scales do not fit it.
    """
    weights: dict[str, torch.Tensor] = {}
    for key, tensor in stored.items():
        if key.endswith(SCALE_SUFFIX):
            continue
        if tensor.dtype != torch.int8:
            weights[key] = tensor.float()
            continue
        scales = stored[key + SCALE_SUFFIX].float()  # [rows, groups]
        groups = _grouped(tensor.float())  # [rows, groups, 64]
        if scales.shape != groups.shape[:2]:
            raise ValueError(f"the scales of {key} do not fit it")
        rows = (groups * scales[..., None]).reshape(len(tensor), -1)
        weights[key] = rows[:, : tensor[0].numel()].reshape(tensor.shape).contiguous()
    return weights


def is_quantised(key: str, tensor: torch.Tensor) -> bool:
    """Return whether a tensor is stored with 8 bits."""
    large = tensor.ndim >= 2 and tensor.numel() >= SMALLEST
    return large and not key.startswith(_SENSITIVE)


def _grouped(tensor: torch.Tensor) -> torch.Tensor:
    """Return (rows, groups, 64), the last group filled up with zeros."""
    rows = tensor.reshape(len(tensor), -1)
    rows = torch.nn.functional.pad(rows, (0, -rows.shape[1] % GROUP))
    return rows.reshape(len(tensor), -1, GROUP)


def _quantise(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int8 values of shape (rows, groups, 64) and float16 scales."""
    largest = groups.abs().amax(dim=-1)  # [rows, groups]
    best_error = torch.full_like(largest, torch.inf)
    best_scale = torch.zeros_like(largest)
    for share in _SHARES:
        # Rounded to float16 first, so that the steps fit the scale as it is stored.
        scale = (largest * (share / _STEPS)).half().float()
        error = (_steps(groups, scale) * scale[..., None] - groups).square().sum(-1)
        better = error < best_error
        best_error = torch.where(better, error, best_error)
        best_scale = torch.where(better, scale, best_scale)
    return _steps(groups, best_scale).to(torch.int8), best_scale.half()


def _steps(groups: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    safe = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (groups / safe[..., None]).round().clamp(-_STEPS, _STEPS)
