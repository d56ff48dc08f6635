"""Layer-wise learning rates of a Hiera trunk, for `engine.schedule.parameter_groups`.

The rate over the steps of a run (warm-up and cosine) is the engine's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BLOCK = re.compile(r"(?:^|\.)trunk\.blocks\.(\d+)\.")
_EMBED = re.compile(r"(?:^|\.)trunk\.(?:patch_embed|pos_embed)")


def layer_scale(names: Iterable[str], decay: float) -> Callable[[str], float]:
    """Make earlier layers of the trunk learn more slowly (BEiT, arXiv 2106.08254).

    Parameters
    ----------
    names : iterable of str
        Names of all parameters; those of the trunk's blocks are found by
        "trunk.blocks.N." and counted.
    decay : float
        Factor on the rate from a block to the one before it; 1 leaves all alike.

    Returns
    -------
    callable
        Gives the factor for a parameter's name: 1 outside of the trunk, `decay` for
        its last block, and the smallest for its embeddings.
    """
    blocks = [int(match[1]) for name in names if (match := _BLOCK.search(name))]
    depth = max(blocks, default=-1) + 1

    def scale(name: str) -> float:
        if match := _BLOCK.search(name):
            return decay ** (depth - int(match[1]))
        return decay ** (depth + 1) if _EMBED.search(name) else 1.0

    return scale
