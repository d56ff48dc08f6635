"""The weights that a run trains: copied out of the module, and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn


def trainable(module: nn.Module) -> dict[str, Tensor]:
    """Give a copy on the CPU of the parameters that are trained."""
    return {
        name: parameter.detach().to("cpu", copy=True)
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def load_trainable(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put back what `trainable` gave."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, weight in weights.items():
            parameters[name].copy_(weight)
