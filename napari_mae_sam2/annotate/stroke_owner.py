"""Which lesion a stroke belongs to: the one it touches, else a new one.

Knows no window. Brush, polygon, fill and smart brush all ask here, once before the
stroke, so that it is drawn in the right colour, and once when it has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal
from scipy import ndimage

from napari_mae_sam2.annotate.pixel_change import positions_of_difference, region_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.pixel_change import Region
    from napari_mae_sam2.annotate.session import CaseSession

_NEIGHBOURS = np.ones((3, 3), bool)


class StrokeOwner:
    """Decides for one case after the other.

    A lesion that the grader asked for with *New lesion*, or by a number that no lesion
    has, gets the next stroke whatever that touches.
    """

    changed = Signal()
    """What the next stroke will do is another thing now; see `promise`."""

    def __init__(self) -> None:
        self._session: CaseSession | None = None
        self._picked = 0
        self._begins_new = False
        self._keeps = False

    @property
    def session(self) -> CaseSession | None:
        """The case that it decides for."""
        return self._session

    # --- what the grader says --------------------------------------------------

    def follow(self, session: CaseSession | None) -> None:
        """Decide for another case, or for none."""
        self._session = session
        self._picked, self._begins_new, self._keeps = 0, False, False
        self.changed.emit()

    def pick(self, number: int, begins_new: bool = False) -> None:
        """Take note of the lesion in hand.

        Parameters
        ----------
        number : int
            0 for none.
        begins_new : bool
            True where the next stroke is to be this lesion, whatever it touches.
        """
        self._picked, self._begins_new = number, begins_new
        self.changed.emit()

    @property
    def picked(self) -> int:
        """Number of the lesion in hand, 0 for none."""
        return self._picked

    @property
    def keeps(self) -> bool:
        """True where every stroke goes to the lesion in hand, near or far."""
        return self._keeps and self.can_keep

    @keeps.setter
    def keeps(self, keeps: bool) -> None:
        self._keeps = keeps
        self.changed.emit()

    @property
    def can_keep(self) -> bool:
        """True where a lesion that has pixels is in hand."""
        session = self._session
        return session is not None and session.image.area(self._picked) > 0

    @property
    def promise(self) -> str:
        """What the next stroke will do, for the grader to read before it."""
        if self._session is None:
            return ""
        if self.keeps:
            return f"Every stroke extends lesion {self._picked}."
        if self._means_new or not self._session.lesion_numbers():
            return "The next stroke begins a new lesion."
        return "A stroke on a lesion extends it; elsewhere it begins a new one."

    # --- strokes ---------------------------------------------------------------

    def before(self, place: tuple[float, float], radius: float) -> int:
        """Give the number to paint with, as a stroke begins.

        Parameters
        ----------
        place : (float, float)
            (row, column) where the brush is pressed.
        radius : float
            Of the brush, in pixels.

        Raises
        ------
        NoNumberError
            If the frame can hold no further lesion.
        """
        session = self._session
        if session is None or self._means_new or self.keeps:
            return self._picked
        labels = session.labels
        reach = max(radius, 0.5) + 1
        rows, columns = (
            slice(max(int(middle - reach), 0), max(int(middle + reach) + 2, 0))
            for middle in place
        )
        near = labels[rows, columns]
        row, column = np.ogrid[
            rows.start : rows.start + near.shape[0],
            columns.start : columns.start + near.shape[1],
        ]
        disc = np.hypot(row - place[0], column - place[1]) <= reach
        return self._one_of(near[disc]) or self._fresh(self._picked)

    def after(self, on_open_ground: bool = False) -> int:
        """Give a stroke that has ended, and was not taken note of, to its lesion.

        Pixels are renumbered in place. A stroke that erased or that took pixels from
        lesions stays as it is: the grader meant those very lesions.

        Parameters
        ----------
        on_open_ground : bool
            True for a flood: where it reaches the edge of the frame it filled no hole
            of a lesion, though it touches many.

        Returns
        -------
        int
            Number of the lesion that the stroke belongs to; 0 where nothing is known.

        Raises
        ------
        NoNumberError
            If the frame can hold no further lesion; the stroke stays as it was painted.
        """
        session = self._session
        if session is None:
            return 0
        noted, labels = session.image.noted, session.labels
        where = positions_of_difference(noted, labels)
        painted = labels.reshape(-1)[where]
        if not len(where) or noted.reshape(-1)[where].any():
            return 0
        if (painted != painted[0]).any():
            return 0
        number = int(painted[0])
        if number == self._picked and (self._means_new or self.keeps):
            owner = number
        else:
            region = region_of(where, labels.shape[1])
            is_open = on_open_ground and _reaches_edge(region, labels.shape)
            owner = 0 if is_open else self._one_of(_touched(noted, where, region))
            owner = owner or self._fresh(number)
        if owner != number:
            labels.reshape(-1)[where] = owner
        self.pick(owner)
        return owner

    # --- inside ----------------------------------------------------------------

    @property
    def _means_new(self) -> bool:
        return self._begins_new and not self.can_keep

    def _one_of(self, touched: NDArray[np.uint16]) -> int:
        """Choose of the lesions that a stroke touches; 0 where there is none."""
        counts = np.bincount(touched)
        counts[:1] = 0
        if self._picked < len(counts) and counts[self._picked]:
            return self._picked
        return int(counts.argmax()) if counts.any() else 0

    def _fresh(self, number: int) -> int:
        """Give the number of a new lesion: this one, where nothing has or had it."""
        session = self._session
        assert session is not None
        is_free = number and not session.image.area(number)
        if is_free and number not in session.lesions:
            return number
        return session.next_number()


def _touched(
    labels: NDArray[np.uint16], where: NDArray[np.int32], region: Region
) -> NDArray[np.uint16]:
    """Give the numbers of the pixels beside a stroke, diagonal neighbours too."""
    height, width = labels.shape
    wide = tuple(
        slice(max(part.start - 1, 0), min(part.stop + 1, length))
        for part, length in zip(region, (height, width), strict=True)
    )
    rows, columns = wide
    stroke = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    stroke[where // width - rows.start, where % width - columns.start] = True
    touched: NDArray[np.uint16] = labels[wide][
        ndimage.binary_dilation(stroke, _NEIGHBOURS)
    ]
    return touched


def _reaches_edge(region: Region, shape: tuple[int, ...]) -> bool:
    return any(
        part.start == 0 or part.stop == length
        for part, length in zip(region, shape, strict=True)
    )
