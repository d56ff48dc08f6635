"""How far a parameter of SAM 2's trunk lies from its end, for layer-wise rates.

Earlier layers know what is general and learn more slowly (layer-wise decay, BEiT, arXiv
2106.08254). The rate over the steps of a run is the engine's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRUNK = re.compile(r"(?:^|\.)trunk\.(?:blocks\.(\d+)\.)?")


def block_of(name: str) -> int | None:
    """Index of the block that a parameter belongs to.

    Parameters
    ----------
    name : str
        Of a parameter of the trunk or of a model that holds one.

    Returns
    -------
    int or None
        -1 for the trunk's embeddings, which come before its blocks; None outside of
        the trunk.
    """
    found = _TRUNK.search(name)
    if found is None:
        return None
    return -1 if found[1] is None else int(found[1])


def count_blocks(names: Iterable[str]) -> int:
    """Count the blocks of the trunk that some parameters belong to."""
    blocks = [block for name in names if (block := block_of(name)) is not None]
    return max(blocks, default=-1) + 1


def decay_of(name: str, whole: int, decay: float) -> float:
    """Give the factor on a parameter's learning rate.

    Parameters
    ----------
    name : str
        Of the parameter.
    whole : int
        The block whose factor is 1; one more than the last where only what follows
        the trunk has the whole rate.
    decay : float
        Factor from a block to the one before it; 1 leaves all alike.

    Returns
    -------
    float
        1 outside of the trunk, and the smallest for its embeddings.
    """
    block = block_of(name)
    return 1.0 if block is None else decay ** (whole - block)
