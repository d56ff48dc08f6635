"""How unsure a model is of an answer, from what it says anyway: no second encoding.

Two signs, each from 0 to 1. *Doubt* is the share of what might be leakage (probability
above a quarter) of which it is not known whether it is (below three quarters): wide
soft edges and half-hearted patches. *Spread* is how far the other candidates that the
decoder makes differ from the preferred one, as 1 - IoU. The uncertainty is their mean,
or doubt alone where there is one candidate. Both are relative to the leakage found, so
that a large lesion does not seem sure by its size; `_NOTHING` keeps specks from
seeming unsure. An order for a look, not a probability of error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.model.prediction import Prediction

_QUARTER: Final = float(np.log(3.0))  # logit of three quarters; negative: a quarter
_NOTHING: Final = 1e-3  # of the points of an answer: areas below this count little


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Signs that an answer may be wrong; 0 sure, 1 unsure.

    Attributes
    ----------
    doubt : float
        Share of the possible leakage whose probability is near a half.
    spread : float or None
        Disagreement of the candidates; None where there is only one.
    """

    doubt: float
    spread: float | None

    @property
    def value(self) -> float:
        """Both in one."""
        return self.doubt if self.spread is None else (self.doubt + self.spread) / 2


def measure(prediction: Prediction) -> Uncertainty:
    """Measure how unsure an answer is.

    Parameters
    ----------
    prediction : Prediction
        Its grid alone is looked at, so a large frame takes no longer.
    """
    first, *others = prediction.grid
    floor = _NOTHING * first.size
    possible = np.count_nonzero(first > -_QUARTER)
    doubtful = np.count_nonzero(np.abs(first) < _QUARTER)
    spread = [1 - _iou(first > 0, other > 0, floor) for other in others]
    return Uncertainty(
        doubt=doubtful / max(possible, floor),
        spread=float(np.mean(spread)) if spread else None,
    )


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_], floor: float) -> float:
    both, either = np.count_nonzero(one & other), np.count_nonzero(one | other)
    return float((both + floor) / (either + floor))
