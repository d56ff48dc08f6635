"""The labels of one case, with what is counted of every lesion as they change.

The array is shown and painted on by others, in place; what they did is found as the
difference to a copy. Areas and intensities follow the pixels that changed, so that
nobody has to look through a whole frame after a stroke.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.annotate.pixel_change import (
    Origin,
    PixelChange,
    Region,
    bounding_region,
    positions_of_difference,
    region_of,
)
from napari_mae_sam2.annotate.pixel_groups import PixelGroups
from napari_mae_sam2.fa.outside import Outside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.lesion import Lesion

MOST_LESIONS = int(np.iinfo(np.uint16).max)

_SOURCES = {"model": Origin.MODEL, "paint": Origin.BRUSH}


class LabelImage:
    """Lesion numbers of a frame.

    Parameters
    ----------
    grey : array of shape (H, W) or (H, W, 3)
        The frame's pixels, for the mean intensity of lesions.
    labels : integer array of shape (H, W), optional
        Lesions found earlier; copied. None for no leakage.
    lesions : iterable of Lesion
        What is known of them: where their pixels come from.
    """

    def __init__(
        self,
        grey: NDArray[Any],
        labels: NDArray[Any] | None = None,
        lesions: Iterable[Lesion] = (),
    ) -> None:
        shape = grey.shape[:2]
        self.pixels: NDArray[np.uint16] = (
            np.zeros(shape, np.uint16)
            if labels is None
            else np.array(labels, np.uint16, order="C")
        )
        """uint16 (H, W): the one array that is shown, painted on and saved."""
        self._known = np.zeros(shape, np.uint16)
        self._origins = np.zeros(shape, np.uint8)
        # (H * W,) or (H * W, 3): pixels are named by their place in the flat frame.
        self._grey = grey.reshape(-1, *grey.shape[2:])
        self._areas = np.zeros(MOST_LESIONS + 1, np.int64)
        self._sums = np.zeros(MOST_LESIONS + 1, np.float64)
        self._by_origin = np.zeros(len(Origin), np.int64)
        self._frame = grey
        self.refused: NDArray[np.int32] = np.zeros(0, np.int32)
        """Places in the flat frame that the last change was not allowed to touch."""
        # Where each lesion may have pixels: first row and column, last row and column.
        # They grow with a lesion and do not shrink with it.
        self._reach = np.array([[2**31 - 1], [2**31 - 1], [-1], [-1]], np.int64)
        self._reach = self._reach.repeat(MOST_LESIONS + 1, axis=1)
        if labels is not None:
            self.take_change(Origin.EARLIER)
            self._trace({lesion.number: lesion.source for lesion in lesions})

    # --- what was counted ------------------------------------------------------

    def numbers(self) -> list[int]:
        """Return the numbers that pixels have, in order."""
        return [int(number) for number in np.flatnonzero(self._areas[1:]) + 1]

    def area(self, number: int) -> int:
        """Count the pixels of a lesion; 0 where it has none."""
        return int(self._areas[number])

    def region(self, *numbers: int) -> Region | None:
        """Find the smallest rectangle that holds lesions, without a look at the rest.

        Returns
        -------
        tuple of slice or None
            None where none of them has a pixel.
        """
        present = [number for number in numbers if self._areas[number]]
        if not present:
            return None
        top, left = self._reach[:2, present].min(axis=1)
        bottom, right = self._reach[2:, present].max(axis=1)
        near = self.pixels[top : bottom + 1, left : right + 1]
        inner = bounding_region(
            near == present[0] if len(present) == 1 else np.isin(near, present)
        )
        if inner is None:  # painted over, and not taken note of yet
            return None
        rows, columns = inner
        return (
            slice(int(top) + rows.start, int(top) + rows.stop),
            slice(int(left) + columns.start, int(left) + columns.stop),
        )

    def mean_intensity(self, number: int) -> float:
        """Return the mean grey value of a lesion that has pixels, as stored."""
        return float(self._sums[number] / max(self._areas[number], 1))

    def shares(self) -> dict[Origin, float]:
        """Return which part of all leakage comes from where; empty without any."""
        counts = {origin: int(self._by_origin[origin]) for origin in Origin if origin}
        whole = sum(counts.values())
        return {origin: count / whole for origin, count in counts.items() if count}

    @property
    def noted(self) -> NDArray[np.uint16]:
        """The numbers (H, W) without what was not taken note of yet; not to change."""
        return self._known

    @property
    def origins(self) -> NDArray[np.uint8]:
        """What made each pixel leakage (H, W), see `Origin`; not to be changed."""
        return self._origins

    @cached_property
    def outside(self) -> Outside:
        """What lies outside the photographed field; slow where first asked for."""
        return Outside(self._frame)

    # --- what changes it -------------------------------------------------------

    def take_change(
        self, origin: Origin, within: Region | None = None
    ) -> PixelChange | None:
        """Find out what somebody changed in `pixels`, and take note of it.

        What was drawn outside the photographed field is taken back, see `refused`.

        Parameters
        ----------
        origin : Origin
            Where pixels that became leakage come from.
        within : tuple of slice, optional
            Nothing changed outside this rectangle.

        Returns
        -------
        PixelChange or None
            None where nothing changed.
        """
        where = positions_of_difference(self._known, self.pixels, within)
        where = self._refuse(where, origin)
        if not len(where):
            return None
        before, after = self._known.ravel()[where], self.pixels.ravel()[where]
        origins = self._origins.ravel()[where]
        new = np.where(before, origins, np.uint8(origin))
        new[after == 0] = Origin.NONE
        change = PixelChange(
            region_of(where, self.pixels.shape[1]),
            where,
            before,
            after,
            origins,
            new,
        )
        self._note(change, back=False)
        return change

    def put(self, change: PixelChange, back: bool) -> None:
        """Do a change once more, or take it back."""
        values = change.before if back else change.after
        self.pixels.reshape(-1)[change.where] = values
        self._note(change, back)

    def set_origins(self, origins: NDArray[np.uint8]) -> None:
        """Say what made each pixel of the labels leakage, as it was found out before.

        Parameters
        ----------
        origins : uint8 array of shape (H, W)
            See `Origin`; copied.
        """
        self._origins = origins.copy()
        self._by_origin = np.bincount(origins.ravel(), minlength=len(Origin))

    # --- inside ----------------------------------------------------------------

    def _refuse(self, where: NDArray[np.int32], origin: Origin) -> NDArray[np.int32]:
        """Take back what nobody may draw; gives the places of what stays."""
        self.refused = where[:0]
        if origin in (Origin.NONE, Origin.EARLIER) or not len(where):
            return where  # what a study says is shown as it is
        is_drawn = self.pixels.reshape(-1)[where] != 0
        is_outside = is_drawn & self.outside.of(where)
        self.refused = where[is_outside]
        self.pixels.reshape(-1)[self.refused] = self._known.ravel()[self.refused]
        inside: NDArray[np.int32] = where[~is_outside]
        return inside

    def _note(self, change: PixelChange, back: bool) -> None:
        old, new = change.before, change.after
        old_origins, new_origins = change.origins_before, change.origins_after
        if back:
            old, new = new, old
            old_origins, new_origins = new_origins, old_origins
        where = change.where
        self._known.reshape(-1)[where] = new
        self._origins.reshape(-1)[where] = new_origins
        grey = self._grey[where]
        if grey.ndim > 1:
            grey = grey.mean(axis=1, dtype=np.float64)
        groups = PixelGroups.of(new)
        corners = groups.corners(where, self.pixels.shape[1])
        reach, numbers = self._reach, groups.numbers
        reach[:2, numbers] = np.minimum(reach[:2, numbers], corners[:2])
        reach[2:, numbers] = np.maximum(reach[2:, numbers], corners[2:])
        self._count(groups, grey, 1)
        self._count(PixelGroups.of(old), grey, -1)
        kinds = len(Origin)
        self._by_origin += np.bincount(new_origins, minlength=kinds)
        self._by_origin -= np.bincount(old_origins, minlength=kinds)

    def _count(self, groups: PixelGroups, grey: NDArray[Any], sign: int) -> None:
        if groups.numbers.any():  # background is no lesion
            self._areas[groups.numbers] += sign * groups.sizes
            self._sums[groups.numbers] += sign * groups.sums(grey)
            self._areas[0], self._sums[0] = 0, 0.0

    def _trace(self, sources: dict[int, str]) -> None:
        """Tell by the sources of lesions where their pixels come from."""
        table = np.full(MOST_LESIONS + 1, Origin.EARLIER, np.uint8)
        table[0] = Origin.NONE
        for number, source in sources.items():
            table[number] = _SOURCES.get(source, Origin.EARLIER)
        self.set_origins(table[self.pixels])
