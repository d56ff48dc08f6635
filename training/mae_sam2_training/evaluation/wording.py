"""Figures as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.evaluation.figures import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mae_sam2_training.evaluation.figures import Metric
    from mae_sam2_training.evaluation.statistics import Comparison


_DECISIVE = (
    ("lesion_dice_1", "lesion Dice after one click"),
    ("lesion_dice_3", "lesion Dice after three clicks"),
    ("image_dice", "image Dice without any click"),
)


def metric_named(key: str) -> Metric:
    """Find a metric by its key."""
    return next(one for one in METRICS if one.key == key)


def shown(value: float, unit: str, signed: bool = False) -> str:
    """Write a figure as people read it; a dash where it was not measured."""
    if not np.isfinite(value):
        return "–"
    sign = "+" if signed else ""
    if unit == "%":
        value *= 100
        digits = 2 if abs(value) < 1 else 1
        text = f"{value:{sign}.{digits}f} %"
    else:
        digits = {"px": 1, "clicks": 1}.get(unit, 3)
        text = f"{value:{sign}.{digits}f}" + (f" {unit}" if unit == "px" else "")
    return text.replace("-", "−")


def interval(low: float, high: float, unit: str, signed: bool = False) -> str:
    """Write a range; nothing where it is not known."""
    if not np.isfinite(low):
        return ""
    return f"{shown(low, unit, signed)} to {shown(high, unit, signed)}"


def probability(value: float) -> str:
    """Write a p value."""
    if not np.isfinite(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def verdict(compared: Mapping[str, Comparison]) -> list[str]:
    """Say in words whether the two models differ where it matters most."""
    sentences = []
    for key, title in _DECISIVE:
        if key not in compared or not compared[key].count:
            continue
        one = compared[key]
        if not np.isfinite(one.low):
            sentences.append(
                f"The {title} differs by {shown(one.difference, '', True)}; one "
                "patient alone says nothing of how certain that is."
            )
            continue
        sure = one.low > 0 or one.high < 0
        better = "better" if one.difference > 0 else "worse"
        within = interval(one.low, one.high, "", True)
        relative = (
            f", {shown(one.relative, '%', True)} of B's"
            if np.isfinite(one.relative)
            else ""
        )
        sentences.append(
            f"The {title} of model A is {better} than B's by "
            f"{shown(abs(one.difference), '')}{relative} ({within})."
            if sure
            else f"For the {title} the models cannot be told apart: the difference is "
            f"{shown(one.difference, '', True)} ({within})."
        )
    return sentences
