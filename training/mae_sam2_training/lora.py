"""Low-rank adapters (Hu 2021) that become plain weights again when saved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable


class LowRank(nn.Module):
    """A frozen linear layer with a trained correction of low rank.

    Parameters
    ----------
    plain : Linear
        The layer to correct; its own weights are frozen.
    rank : int
        Rank of the correction.
    alpha : float
        The correction is scaled by alpha / rank.
    """

    def __init__(self, plain: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.plain = plain.requires_grad_(False)
        self.down = nn.Parameter(plain.weight.new_empty(rank, plain.in_features))
        self.up = nn.Parameter(plain.weight.new_zeros(plain.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        self.scale = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer and its correction to (..., in) values."""
        low: Tensor = (x @ self.down.T) @ self.up.T
        return self.plain(x) + self.scale * low

    def merged(self) -> nn.Linear:
        """Give the plain layer with the correction added to its weights."""
        with torch.no_grad():
            self.plain.weight += self.scale * (self.up @ self.down)
        return self.plain


def add_adapters(
    module: nn.Module, rank: int, alpha: float, wanted: Callable[[str], bool]
) -> int:
    """Put adapters around the linear layers of a module whose name is wanted.

    Parameters
    ----------
    module : nn.Module
        Changed in place.
    rank, alpha : int, float
        See `LowRank`.
    wanted : callable
        Asked with the dotted name of each linear layer.

    Returns
    -------
    int
        Number of layers that got one.
    """
    names = [
        name
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and wanted(name)
    ]
    for name in names:
        parent, child = _parent(module, name)
        setattr(parent, child, LowRank(getattr(parent, child), rank, alpha))
    return len(names)


def merge_adapters(module: nn.Module) -> None:
    """Replace every adapter of a module by a plain layer that does the same."""
    adapted = [
        (name, layer)
        for name, layer in module.named_modules()
        if isinstance(layer, LowRank)
    ]
    for name, layer in adapted:
        parent, child = _parent(module, name)
        setattr(parent, child, layer.merged())


def _parent(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    path, _, child = name.rpartition(".")
    return module.get_submodule(path), child
