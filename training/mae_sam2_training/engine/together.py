"""What the processes of a run tell each other: losses, held-out sums, signals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mae_sam2_training.engine.run import Run


def added_up(run: Run, tallies: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Divide sums by counts, each added up over all processes.

    Parameters
    ----------
    run : Run
        The launched processes.
    tallies : mapping of str to (sum, count)
        Of this process, with the same keys in each; empty gives nothing.

    Returns
    -------
    dict of str to float
        NaN where nothing was counted.
    """
    if not tallies:
        return {}
    table = torch.tensor(list(tallies.values()), dtype=torch.float64)  # [metric, 2]
    if run.fabric.world_size > 1:
        table = run.fabric.all_reduce(table.to(run.device), reduce_op="sum").cpu()
    return {
        name: float(total / count) if count else math.nan
        for name, (total, count) in zip(tallies, table, strict=True)
    }


def mean_of(run: Run, loss: Tensor) -> float:
    """Average a loss over all processes."""
    if run.fabric.world_size > 1:
        loss = run.fabric.all_reduce(loss, reduce_op="mean")
    return float(loss)


def signal_to(run: Run) -> int:
    """Give the signal that any process got, or 0; all learn of it together."""
    signum = run.stop.signum
    if run.fabric.world_size > 1:
        signums = run.fabric.all_reduce(
            torch.tensor(float(signum), device=run.device), reduce_op="max"
        )
        signum = int(signums)
    return signum
