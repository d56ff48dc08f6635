"""Optic discs as something to put a box around: what is asked for need not leak."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.data.frames import LabelledFrame
from napari_mae_sam2.fa.drawing import draw_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_SEED = 2000
"""Other eyes than those on which `evaluation.discs` measures."""
_SIDE = 512


class DiscSource:
    """Drawn eyes without leakage, whose disc is asked for with boxes alone.

    Parameters
    ----------
    count : int
        Eyes, early and late in turn.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        """Eyes per epoch."""
        return self._count

    def frame(self, index: int, rng: np.random.Generator) -> LabelledFrame:
        """Draw an eye; it depends on the index alone."""
        phase = ("early", "late")[index % 2]
        eye = draw_frame(FIRST_SEED + index, _SIDE, phase, leakage=())
        row, column, radius = eye.disc
        rows, columns = np.ogrid[:_SIDE, :_SIDE]
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        disc: NDArray[np.uint16] = inside.astype(np.uint16)
        return LabelledFrame(
            f"disc {index}", eye.pixels, disc, complete=False, drawn=True, boxed=True
        )

    def fingerprint(self) -> str:
        """Hash of what is drawn."""
        return hashlib.sha256(f"discs {self._count}".encode()).hexdigest()
