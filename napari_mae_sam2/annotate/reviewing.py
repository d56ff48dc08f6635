"""What a grader does with the patches that the model found without a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.committing import NothingToCommitError, place
from napari_mae_sam2.annotate.draft import NOTHING, Draft
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.looking import ROOM, WORTH_IT
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.annotate.searching import Searching
from napari_mae_sam2.fa.close_up import CloseUp, close_up_around
from napari_mae_sam2.model.prediction import prediction_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.annotate.review import Patch, Review

EDIT_SIDE = 1024
"""Pixels about a patch of a large frame that the model looks at when it is edited."""

BELONGS = (
    "Every pixel of this patch belongs to a lesion already; reject it with R, or edit "
    "it with E."
)


class Reviewing(Searching):
    """The part of a session that reviews; see `CaseState` for what it is made of."""

    @property
    def is_reviewing(self) -> bool:
        """True where a patch is in hand, and no prompt for another lesion is."""
        return (
            self._review is not None
            and self._review.current is not None
            and (self._draft.is_empty or self._draft.everything)
        )

    @property
    def is_untouched(self) -> bool:
        """True where nothing was ever done to the case, and nothing was found."""
        return (
            self._review is None
            and self._draft.is_empty
            and self.saves.revision is None
            and not self.saves.unsaved
            and not len(self._history)
        )

    def offer(self, review: Review) -> None:
        """Show what was found before the case was opened.

        It is no step: there is nothing before it to go back to. A case that somebody
        has begun with stays as it is.
        """
        if self.is_untouched:
            self._end_search(review)

    def step_review(self, step: int) -> None:
        """Take the next patch in hand, or one before."""
        if self._review is not None:
            self._show_review(self._review.step(step))

    def show_scores(self, at_least: float) -> None:
        """Look only at patches of this score or more."""
        if self._review is not None:
            self._show_review(self._review.showing(at_least))

    def show_sizes(self, smallest: int) -> None:
        """Look only at patches of so many pixels or more."""
        if self._review is not None and self._review.smallest != smallest:
            self._show_review(self._review.showing(smallest=smallest))

    def accept_patch(self) -> int:
        """Make the patch in hand a lesion where no other lesion is.

        Returns
        -------
        int
            Number of the lesion.

        Raises
        ------
        NothingToCommitError
            If no patch is in hand, or none of it is free.
        """
        patch = self._patch_in_hand()
        try:
            return self._accept([patch], "accept")[0]
        except NothingToCommitError as error:
            covered = not (self.labels[patch.mask.region] == 0)[patch.mask.mask].any()
            raise NothingToCommitError(BELONGS) if covered else error from None

    def accept_shown(self) -> list[int]:
        """Make every patch that is shown a lesion, as one step.

        Patches of which every pixel belongs to a lesion already are dropped.

        Returns
        -------
        list of int
            Numbers of the new lesions.

        Raises
        ------
        NothingToCommitError
            If no patch is in hand, or none has a pixel that is free.
        """
        self._patch_in_hand()
        assert self._review is not None
        return self._accept_free(self._review.shown)

    def accept_group(self) -> list[int]:
        """Make the patch in hand and its neighbours lesions; else as `accept_shown`."""
        self._patch_in_hand()
        assert self._review is not None
        return self._accept_free(self._review.group)

    def reject_group(self) -> None:
        """Drop the patch in hand and its neighbours; undo brings them back."""
        self._patch_in_hand()
        assert self._review is not None
        self._judge("reject group", *self._review.group)

    def _accept_free(self, shown: Sequence[Patch]) -> list[int]:
        free = [
            patch
            for patch in shown
            if (self.labels[patch.mask.region] == 0)[patch.mask.mask].any()
        ]
        if not free:
            raise NothingToCommitError(BELONGS)
        inside = [patch for patch in free if not self._is_outside(patch.mask)] or free
        return self._accept(inside, f"accept {len(inside)}", drop=shown)

    def reject_patch(self) -> None:
        """Drop the patch in hand; undo brings it back."""
        self._judge("reject", self._patch_in_hand())

    def edit_patch(self) -> None:
        """Take the patch in hand out of the review, to correct it with clicks."""
        self._edit(self._patch_in_hand())

    def patch_at(self, row: float, column: float) -> Patch | None:
        """Give the patch that a click there would correct, if there is one."""
        if self._review is None or not self.is_reviewing:
            return None
        place = round(row), round(column)
        return next((one for one in self._review.shown if one.mask.has(*place)), None)

    def to_correct(self, patch: Patch) -> Proposal:
        """Give a patch of the review as what clicks go on from."""
        review = self._review
        assert review is not None
        close_up = close_up_for(patch, self.frame.shape, review.draft.close_up)
        area = close_up or CloseUp.whole(self.frame.shape)
        return Proposal(
            Draft(start=patch.mask, close_up=close_up),
            prediction_of(patch.mask, area, self.frame.shape),
            model=review.model,
            weights=review.weights,
        )

    def reject_all(self) -> None:
        """Drop all patches, those that are not shown too; undo brings them back."""
        if self._review is not None:
            self._judge("reject all", *self._review.patches)

    # --- inside ----------------------------------------------------------------

    def _patch_in_hand(self) -> Patch:
        patch = None if self._review is None else self._review.current
        if patch is None or not self.is_reviewing:
            raise NothingToCommitError(
                "There is no patch in hand; ask for all leakage with S first."
            )
        return patch

    def _edit(self, patch: Patch) -> None:
        assert self._review is not None
        self.painted()
        before = self._moment()
        proposal = self.to_correct(patch)
        self._leave_out(self._review, patch)
        self._show(proposal)
        self._change_draft("edit", proposal.draft, before)
        self.review_changed.emit(self._review)

    def _accept(
        self, patches: Sequence[Patch], name: str, drop: Sequence[Patch] = ()
    ) -> list[int]:
        review = self._review
        assert review is not None
        self.painted()
        before = self._moment()
        free = self.free_numbers()
        numbers: list[int] = []
        try:
            for patch in patches:
                mask = self._inside_field(patch.mask)
                _, (number,) = place(self.labels, mask, free[len(numbers) :], False)
                numbers.append(number)
                self._lesions[number] = Lesion(
                    number,
                    model=review.model,
                    score=patch.score,
                    source="model",
                )
        finally:
            if numbers:
                self._leave_out(review, *patches[: len(numbers)], *drop)
                within = _region_of(patches[: len(numbers)])
                self._record(name, before, Origin.MODEL, within)
                self._tell_review(before.draft)
        return numbers

    def _judge(self, name: str, *judged: Patch) -> None:
        assert self._review is not None
        self.painted()
        before = self._moment()
        self._leave_out(self._review, *judged)
        step = self._step(name, before, None)
        self._history.push(step)
        self._tell_review(before.draft)
        self.stepped.emit("did", step)
        self.history_changed.emit()

    def _leave_out(self, review: Review, *judged: Patch) -> None:
        left = review.without(*judged)
        goes_on = not left.is_complete and self._draft is left.draft
        self._review = left if left.patches or goes_on else None
        if self._review is None and self._draft.everything:
            self._draft = NOTHING

    def _tell_review(self, before: object) -> None:
        self.review_changed.emit(self._review)
        if self._draft is not before:
            self._tell_draft()


def close_up_for(
    patch: Patch, shape: tuple[int, int], asked: CloseUp | None
) -> CloseUp | None:
    """Return the part of a large frame in which a patch is edited; None for all of it.

    Parameters
    ----------
    patch : Patch
    shape : (int, int)
        (H, W) of the frame.
    asked : CloseUp, optional
        The part in which it was found.
    """
    rows, columns = patch.mask.region
    extent = max(rows.stop - rows.start, columns.stop - columns.start)
    side = max(EDIT_SIDE, round(ROOM * extent))
    if asked is not None and asked.side <= side:
        return asked
    if max(shape) < WORTH_IT * side:
        return None
    return close_up_around(patch.middle, side, shape)


def _region_of(patches: Sequence[Patch]) -> tuple[slice, slice]:
    """Return the smallest rectangle that holds all patches."""
    rows, columns = zip(*(patch.mask.region for patch in patches), strict=True)
    return (
        slice(min(r.start for r in rows), max(r.stop for r in rows)),
        slice(min(c.start for c in columns), max(c.stop for c in columns)),
    )
