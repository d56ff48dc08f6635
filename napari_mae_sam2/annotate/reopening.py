"""Opens a committed lesion again, to say "more here" and "less here" of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.annotate.committing import (
    NothingToCommitError,
    number_patches,
)
from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.numbering import first_of
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.annotate.review import Patch
from napari_mae_sam2.annotate.reviewing import Reviewing, close_up_for
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.model.prediction import prediction_of

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.label_image import LabelImage
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import Region


class Reopening(Reviewing):
    """The part of a session that opens lesions again."""

    def reopen(self, number: int) -> bool:
        """Take a lesion in hand with its own prompts and its pixels as they are.

        The labels keep it until the next commit, which puts the new shape in its
        place; whoever rejects the draft leaves it as it was.

        Returns
        -------
        bool
            False where no pixel has that number.
        """
        self.painted()
        region = self.image.region(number)
        if region is None:
            return False
        top, left = region[0].start, region[1].start
        mask = PlacedMask(top, left, self.labels[region] == number)
        lesion = self.lesion(number)
        said = lesion.draft or Draft()
        # A model that looked closely, or that will have to, is asked the same way.
        close_up = said.close_up
        if close_up is None and not said.has_prompts:
            patch = Patch(mask, 1.0)
            close_up = close_up_for(patch, self.frame.shape, None)
        draft = Draft(
            clicks=said.clicks,
            boxes=said.boxes,
            start=mask,
            close_up=close_up,
            replaces=number,
            as_it_was=True,
        )
        before = self._moment()
        area = close_up or CloseUp.whole(self.frame.shape)
        prediction = prediction_of(mask, area, self.frame.shape)
        self._show(Proposal(draft, prediction, 0, lesion.model))
        self._change_draft("open lesion again", draft, before)
        return True

    def _lesions_of(self, numbers: list[int], proposal: Proposal) -> list[Lesion]:
        """Say what is known of the lesions that a draft of an earlier one becomes."""
        old = self.lesion(self._draft.replaces)
        if not self._draft.as_it_was:
            old = replace(
                old,
                draft=self._draft,
                model=proposal.model,
                score=proposal.score,
                source="model" if old.source == "model" else "mixed",
            )
        return [replace(old, number=number) for number in numbers]


def place_again(
    image: LabelImage,
    mask: PlacedMask,
    number: int,
    free_numbers: range,
    each_patch: bool,
) -> tuple[Region, list[int]]:
    """Write a mask in the place of a lesion, and where no other lesion is.

    Parameters
    ----------
    image : LabelImage
        Its pixels are changed in place.
    mask : PlacedMask
        Its new shape.
    number : int
        The lesion; of several patches the topmost one keeps it.
    free_numbers : range
        Numbers that further lesions may get.
    each_patch : bool
        True makes each separate patch a lesion of its own.

    Returns
    -------
    region : tuple of slice
        Nothing outside of it was changed.
    numbers : list of int
        The lesion, and the further ones.

    Raises
    ------
    NothingToCommitError
        If the mask is empty, or all of it belongs to other lesions.
    NoNumberError
        If there are not so many numbers left.
    """
    labels = image.pixels
    rows, columns = mask.region
    inside = labels[mask.region]
    free = mask.mask & ((inside == 0) | (inside == number))
    if not free.any():
        raise NothingToCommitError(
            "Nothing would be left of the lesion; add a click on the leak, reject with "
            "R, or delete it with Del."
        )
    patches, count = number_patches(free, each_patch)
    numbers = [number, *first_of(free_numbers, count - 1)]
    old = image.region(number)
    if old is not None:
        labels[old][labels[old] == number] = 0
        rows = slice(min(rows.start, old[0].start), max(rows.stop, old[0].stop))
        columns = slice(
            min(columns.start, old[1].start), max(columns.stop, old[1].stop)
        )
    inside[free] = np.array([0, *numbers], np.uint16)[patches[free]]
    return (rows, columns), numbers
