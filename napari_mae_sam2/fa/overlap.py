"""How far two masks agree, counted in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixels of an answer that are in the truth, and that are not.

    Attributes
    ----------
    both : int
        In both: true positive.
    alone : int
        In the answer alone: false positive.
    missed : int
        In the truth alone: false negative.
    """

    both: int
    alone: int
    missed: int

    @classmethod
    def of(cls, answer: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
        """Count two masks of one shape."""
        both, answered, true = (
            int(np.count_nonzero(mask)) for mask in (answer & truth, answer, truth)
        )
        return cls(both, answered - both, true - both)

    @property
    def dice(self) -> float:
        """2 |A and B| / (|A| + |B|) (Dice, Ecology 26, 1945); 1 of two empty masks."""
        total = 2 * self.both + self.alone + self.missed
        return 2 * self.both / total if total else 1.0

    @property
    def precision(self) -> float | None:
        """Share of the answer that is in the truth; None where there is no answer."""
        answered = self.both + self.alone
        return self.both / answered if answered else None

    @property
    def sensitivity(self) -> float | None:
        """Share of the truth that was found; None where there is none to find."""
        true = self.both + self.missed
        return self.both / true if true else None
