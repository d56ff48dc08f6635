"""One stroke of the smart brush: which pixels it takes, dab by dab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.similar import Likeness, alike_under_brush, seed_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.fa.similar import Values, Window

Pixels = tuple["NDArray[np.intp]", "NDArray[np.intp]"]
"""Rows and columns."""


def certainty(proposal: Proposal) -> Values:
    """Look at how sure the model is of leakage, a rectangle of the frame at a time.

    On the scale of 8-bit grey: 0 is surely none, 255 surely leakage.
    """

    def values(window: Window) -> NDArray[np.float32]:
        rows, columns = window
        part = CloseUp(rows.start, columns.start, rows.stop, columns.stop)
        logits = proposal.prediction.logits_on(proposal.chosen, part)
        return np.asarray(255.0 / (1.0 + np.exp(-logits)), dtype=np.float32)

    return values


class SmartStroke:
    """Follows the brush from where it is pressed until it is lifted.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
        Looked at, never changed: pixels of a lesion are not taken.
    values : callable
        Gives the values of a rectangle, 0 to 255.
    start : (float, float)
        (row, column) where the brush is pressed, inside the frame.
    radius : float
        Of the brush, in pixels.
    tolerance : float
        By how much a value may differ from the one at the start.
    or_more : bool
        True where a higher value is never unlike.
    """

    def __init__(
        self,
        labels: NDArray[np.uint16],
        values: Values,
        start: tuple[float, float],
        radius: float,
        tolerance: float,
        or_more: bool = False,
    ) -> None:
        self._labels = labels
        self._values = values
        self._radius = max(radius, 0.5)
        seed = seed_value(values, start, radius, labels.shape)
        self._likeness = Likeness(seed, tolerance, or_more)
        self._reached = np.zeros(labels.shape, bool)
        self._place = start

    def to(self, place: tuple[float, float]) -> Pixels:
        """Move the brush, and return the pixels that it takes on the way.

        Parameters
        ----------
        place : (float, float)
            (row, column); where it began for the first dab.

        Returns
        -------
        rows, columns : int arrays of shape (N,)
            Pixels that no lesion has.
        """
        way = np.hypot(place[0] - self._place[0], place[1] - self._place[1])
        dabs = max(1, int(np.ceil(way / max(self._radius / 2, 1.0))))
        found = [
            self._dab(
                (
                    self._place[0] + (place[0] - self._place[0]) * dab / dabs,
                    self._place[1] + (place[1] - self._place[1]) * dab / dabs,
                )
            )
            for dab in range(1, dabs + 1)
        ]
        self._place = place
        rows, columns = (np.concatenate(axis) for axis in zip(*found, strict=True))
        return rows, columns

    def _dab(self, place: tuple[float, float]) -> Pixels:
        window, alike = alike_under_brush(
            self._values, self._likeness, place, self._radius, self._reached
        )
        new = alike & ~self._reached[window] & (self._labels[window] == 0)
        self._reached[window] |= alike
        rows, columns = np.nonzero(new)
        return rows + window[0].start, columns + window[1].start
