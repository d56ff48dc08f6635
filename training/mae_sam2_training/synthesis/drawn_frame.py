"""What a drawing gives: pixels, lesions, their kinds and contrasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A real frame with leakage drawn in.

    Attributes
    ----------
    pixels : ndarray
        uint8 (H, W).
    lesions : ndarray
        uint16 (H, W): 0 background, 1..N lesions.
    kinds : dict
        Lesion id to one of `KINDS`, for each of 1..N.
    contrasts : dict
        Lesion id to the mean grey levels (of 255) by which the lesion was raised.
    """

    pixels: NDArray[np.uint8]
    lesions: NDArray[np.uint16]
    kinds: dict[int, str]
    contrasts: dict[int, float]
