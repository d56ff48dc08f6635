"""Whether a probability of leakage is one: reliability curve and calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Pixels by their predicted probability.

    Attributes
    ----------
    pixels : float64 array of shape (bins,)
        How many fell into each bin.
    probability : float64 array of shape (bins,)
        Sum of their predicted probabilities.
    leakage : float64 array of shape (bins,)
        How many of them are leakage.
    """

    pixels: NDArray[np.float64]
    probability: NDArray[np.float64]
    leakage: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error (Naeini 2015), 0 to 1; NaN without pixels."""
        total = self.pixels.sum()
        gap = np.abs(self.probability - self.leakage).sum()
        return float(gap / total) if total else float("nan")

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean probability and share of leakage of every bin that holds pixels."""
        held = self.pixels > 0
        return (
            self.probability[held] / self.pixels[held],
            self.leakage[held] / self.pixels[held],
        )


def reliability(
    logits: NDArray[np.float32],
    leakage: NDArray[np.bool_],
    field: NDArray[np.bool_],
    bins: int,
) -> Reliability:
    """Sort the pixels of the photographed field into bins of equal width.

    Parameters
    ----------
    logits : float32 array of shape (H, W)
        Of the prompt-free answer.
    leakage, field : bool array of shape (H, W)
        The truth, and where there is retina: the dark border is easy and would
        flatter every model.
    bins : int
        Between probability 0 and 1.
    """
    probability = 1 / (1 + np.exp(-logits[field].astype(np.float64).clip(-60, 60)))
    bin_of = np.minimum((probability * bins).astype(np.intp), bins - 1)

    def summed(weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        return np.bincount(bin_of, weights, minlength=bins).astype(np.float64)

    return Reliability(
        summed(None), summed(probability), summed(leakage[field].astype(np.float64))
    )


def together(parts: Sequence[Reliability]) -> Reliability:
    """Add up the pixels of several frames."""
    return Reliability(
        *(
            np.sum([getattr(part, name) for part in parts], axis=0)
            for name in ("pixels", "probability", "leakage")
        )
    )
