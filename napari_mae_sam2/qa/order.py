"""What deserves a look: reasons for each frame, and how much they weigh together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_mae_sam2.fa.quality import NOT_FA, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

_WEIGHT_NOT_FA: Final = 3.0  # before all else: nothing the model says of it counts
_WEIGHT_FLAG: Final = 1.0
_WEIGHT_LABEL: Final = 2.0
_WEIGHT_OTHER: Final = 1.0
_WEIGHT_OUTLIER: Final = 1.0
_WEIGHT_EMPTY: Final = 0.4
_WEIGHT_MISSED: Final = 1.0

_OUTLIER: Final = 3.5  # robust z score, Iglewicz and Hoaglin 1993
_DISAGREE: Final = 0.5  # Dice below which two masks are called different
_UNSURE: Final = 0.6
_BRIGHT: Final = 0.02  # share of the field in bright areas: twice what the disc is
_EMPTY: Final = 0.05  # of those areas called leakage: less is none to speak of


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a frame that may call for a look.

    Attributes
    ----------
    flags : sequence of str
        Of `fa.quality`.
    uncertainty, field_share : float
    lesions : int
    bright : float or None
        Share of the field in bright areas wider than vessels, where it is known.
    dice_label, dice_other : float or None
        Agreement with a label and with another model, where there is one.
    """

    flags: Sequence[str]
    uncertainty: float
    field_share: float
    lesions: int
    bright: float | None = None
    dice_label: float | None = None
    dice_other: float | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a frame deserves a look.

    Attributes
    ----------
    weight : float
        More is sooner; comparable within one set of frames only.
    reasons : tuple of str
        In a grader's words, the weightiest first.
    """

    weight: float
    reasons: tuple[str, ...]


def attention(frames: Sequence[Signs]) -> list[Attention]:
    """Weigh frames against each other, in their order."""
    far = _outliers([one.field_share for one in frames])
    return [_weigh(one, z) for one, z in zip(frames, far, strict=True)]


def _weigh(one: Signs, z: float) -> Attention:
    found: list[tuple[float, str]] = [
        (_WEIGHT_NOT_FA if flag == NOT_FA else _WEIGHT_FLAG, WORDS[flag])
        for flag in one.flags
        if flag in WORDS
    ]
    if one.dice_label is not None:
        unlike = _WEIGHT_LABEL * (1 - one.dice_label)
        found.append((unlike, "unlike the label" if one.dice_label < _DISAGREE else ""))
    if one.dice_other is not None:
        unlike = _WEIGHT_OTHER * (1 - one.dice_other)
        words = "models disagree" if one.dice_other < _DISAGREE else ""
        found.append((unlike, words))
    if abs(z) > _OUTLIER:
        found.append((_WEIGHT_OUTLIER, "much leakage" if z > 0 else "little leakage"))
    if (one.bright or 0) > _BRIGHT and one.field_share < _EMPTY * (one.bright or 0):
        found.append((_WEIGHT_MISSED, "bright but empty"))
    elif not one.lesions:
        found.append((_WEIGHT_EMPTY, "no leakage found"))
    unsure = "model unsure" if one.uncertainty > _UNSURE else ""
    found.append((one.uncertainty, unsure))
    found.sort(key=lambda pair: -pair[0])
    return Attention(
        weight=sum(weight for weight, _ in found),
        reasons=tuple(words for _, words in found if words),
    )


def _outliers(shares: Sequence[float]) -> list[float]:
    """Return robust z scores of areas, on a scale where small areas differ too."""
    values = np.sqrt(np.asarray(shares, np.float64))
    if not len(values):
        return []
    middle = np.median(values)
    spread = np.median(np.abs(values - middle))
    if spread == 0:  # more than half are alike, such as empty
        spread = np.mean(np.abs(values - middle))
    if spread == 0:
        return [0.0] * len(values)
    return [float(z) for z in 0.6745 * (values - middle) / spread]
