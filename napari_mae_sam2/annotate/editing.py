"""What a grader does to committed lesions: delete, describe, change their pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.annotate.case_state import CaseState
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.pixel_change import Region

_NOWHERE = (slice(0, 0), slice(0, 0))


class Editing(CaseState):
    """The part of a session that edits; each call is one step of undo."""

    def delete(self, *numbers: int) -> None:
        """Remove lesions as one undo step."""
        name = "delete lesion" if len(numbers) == 1 else "delete lesions"
        self.painted()
        region = self.image.region(*numbers)
        if region is not None:
            self.edit(
                name,
                lambda old: np.where(np.isin(old, numbers), 0, old),
                region=region,
                # What is painted with the number later is another lesion.
                lesions=[Lesion(number) for number in numbers],
            )

    def describe(
        self,
        numbers: Iterable[int],
        *,
        kind: str | None = None,
        comment: str | None = None,
    ) -> bool:
        """Say something of lesions as one undo step.

        Parameters
        ----------
        numbers : iterable of int
            The lesions; those without pixels are passed over.
        kind, comment : str, optional
            What to say; None leaves it as it is, an empty one takes it back.

        Returns
        -------
        bool
            False where all of it was known already: then there is no step.
        """
        self.painted()
        before = self._moment()
        for number in numbers:
            lesion = self.lesion(number)
            new = replace(
                lesion,
                kind=lesion.kind if kind is None else kind,
                comment=lesion.comment if comment is None else comment,
            )
            said = (new.kind, new.comment) != (lesion.kind, lesion.comment)
            if said and self.image.area(number):
                self._lesions[number] = new
        name = (
            "comment" if kind is None else f"kind: {kind}" if kind else "unclassified"
        )
        return self._record(name, before, Origin.NONE, _NOWHERE)

    def edit(
        self,
        name: str,
        new: NDArray[Any] | Callable[[NDArray[np.uint16]], NDArray[Any]],
        *,
        region: Region | None = None,
        origin: Origin = Origin.CLEAN_UP,
        lesions: Iterable[Lesion] = (),
    ) -> bool:
        """Change pixels of the labels as one undo step.

        Parameters
        ----------
        name : str
            How undo names the step, such as "fill holes".
        new : integer array, or callable
            The new lesion numbers of the region; or a function that gets a copy of
            the old ones, uint16 of the region's shape, and returns the new ones.
        region : tuple of slice, optional
            Rows and columns; the whole frame where it is not given. A small one
            keeps the step quick on large frames.
        origin : Origin
            Where pixels that become leakage come from.
        lesions : iterable of Lesion
            What is to be known of lesions from now on, by their numbers: of new ones,
            or of ones that this step describes anew. Others stay as they were.

        Returns
        -------
        bool
            False where nothing changed: then there is no step.

        Raises
        ------
        ValueError
            If the new numbers have not the shape of the region or are no uint16.
        """
        self.painted()
        within = region or (slice(0, self.labels.shape[0]), slice(0, None))
        old = self.labels[within]
        numbers = np.asarray(new(old.copy()) if callable(new) else new)
        if numbers.shape != old.shape:
            raise ValueError(f"the region is {old.shape}, not {numbers.shape}")
        if not np.can_cast(numbers.dtype, np.uint16) and (
            numbers.min() < 0 or numbers.max() > np.iinfo(np.uint16).max
        ):
            raise ValueError("lesion numbers must fit uint16")
        before = self._moment()
        old[...] = numbers
        self._lesions |= {lesion.number: lesion for lesion in lesions}
        return self._record(name, before, origin, region)
