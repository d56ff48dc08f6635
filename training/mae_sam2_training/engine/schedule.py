"""Learning rates: a linear warm-up and a cosine, and less for deeper layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn

    from mae_sam2_training.config import LoopConfig


def rate_share(step: int, config: LoopConfig) -> float:
    """Share of the peak learning rate at a step.

    Parameters
    ----------
    step : int
        Zero-based step.
    config : LoopConfig
        Its `steps`, `warmup` and `final_learning_rate` are used.
    """
    warm = math.ceil(config.warmup * config.steps)
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, config.steps - warm)
    low = config.final_learning_rate
    return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def parameter_groups(
    parameters: Iterable[tuple[str, nn.Parameter]],
    config: LoopConfig,
    scale: Callable[[str], float] = lambda name: 1.0,
) -> list[dict[str, Any]]:
    """Group trainable parameters by learning rate and weight decay for AdamW.

    Parameters
    ----------
    parameters : iterable of (name, parameter)
        Those without gradient are left out.
    config : LoopConfig
        Peak rate and weight decay.
    scale : callable
        Factor on the learning rate for a parameter's name.

    Returns
    -------
    list of dict
        Groups with `params`, `weight_decay`, `lr` and `peak` (which the loop
        multiplies by `rate_share`), in an order that does not depend on chance.
    """
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in parameters:
        if not parameter.requires_grad:
            continue
        decay = config.weight_decay if parameter.ndim > 1 and _decays(name) else 0.0
        peak = config.learning_rate * scale(name)
        group = groups.setdefault(
            (peak, decay),
            {"params": [], "weight_decay": decay, "lr": peak, "peak": peak},
        )
        group["params"].append(parameter)
    return [groups[key] for key in sorted(groups, reverse=True)]


def _decays(name: str) -> bool:
    """Whether weight decay makes sense: not for tokens and position embeddings."""
    return not any(part in name for part in ("token", "embed"))
