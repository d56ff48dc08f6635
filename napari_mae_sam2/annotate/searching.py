"""A search for all leakage that brings its patches part by part.

What was found can be judged while the model still looks at the rest. A patch comes back
neither when the search ends nor when undo goes back to a moment in its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.case_state import CaseState
from napari_mae_sam2.annotate.draft import NOTHING, Draft
from napari_mae_sam2.annotate.patches import in_order
from napari_mae_sam2.annotate.review import Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_mae_sam2.annotate.review import Patch

KNOWN = 0.8
"""A patch is not shown where this much of it belongs to lesions already."""


class Searching(CaseState):
    """The part of a session that takes what a search brings."""

    _brought: tuple[Patch, ...] = ()
    _search: Draft | None = None
    _search_ended = False

    def take_found(
        self,
        draft: Draft,
        patches: Iterable[Patch],
        model: str = "",
        weights: str = "",
    ) -> bool:
        """Show patches of a search that goes on.

        Parameters
        ----------
        draft : Draft
            The question.
        patches : iterable of Patch
            Final ones, which were not brought before.
        model, weights : str
            Name and fingerprint of the model.

        Returns
        -------
        bool
            False where the grader has moved on meanwhile: they are dropped.
        """
        review = self._review_of(draft, weights)
        if draft is not self._draft or (review is not None and review.is_complete):
            return False
        if review is None or self._search is not draft:  # or it came from the journal
            self._search, self._search_ended = draft, False
            self._brought = () if review is None else review.patches
        review = review or Review(draft, (), model, weights, is_complete=False)
        new = self._not_brought(patches)
        self._brought += new
        self._show_review(self._with(review, self._unknown(new)))
        return True

    def _end_search(self, found: Review) -> None:
        """Take the whole answer: what was brought and judged does not come back."""
        draft = found.draft
        review = self._review_of(draft, found.weights)
        if self._search is draft and review is not None:
            new = self._not_brought(found.patches)
            whole = {patch.key: patch for patch in found.patches}
            # The whole answer knows which patches are neighbours.
            self._brought = tuple(
                whole.get(patch.key, patch) for patch in (*self._brought, *new)
            )
            self._search_ended = True
            found = self._with(self._brought_up_to_date(review), self._unknown(new))
        else:
            self._search, self._search_ended = draft, True
            self._brought = found.patches
            left = self._unknown(found.patches)
            found = found.holding(left, len(found.patches), is_complete=True)
        if found.patches:
            self._show_review(found)
        else:
            # Nothing to judge: the question is done with, and can be asked again.
            self._show_review(None)
            self._draft = NOTHING
            self._tell_draft()

    def _brought_up_to_date(self, review: Review) -> Review:
        """Add to a review of an earlier moment what the search has brought since."""
        if review.draft is not self._search:
            return review
        now = {patch.key: patch for patch in self._brought}
        waiting = [now.get(patch.key, patch) for patch in review.patches]
        late = self._unknown(self._brought[review.seen :])
        return self._with(review.holding(waiting, review.seen, False), late)

    # --- inside ----------------------------------------------------------------

    def _review_of(self, draft: Draft, weights: str) -> Review | None:
        """Give the review in hand where it answers this question of this model."""
        review = self._review
        if review is None or review.draft is not draft or review.weights != weights:
            return None
        return review

    def _with(self, review: Review, new: Iterable[Patch]) -> Review:
        held = in_order((*review.patches, *new), self.frame.shape)
        return review.holding(held, len(self._brought), self._search_ended)

    def _not_brought(self, patches: Iterable[Patch]) -> tuple[Patch, ...]:
        keys = {patch.key for patch in self._brought}
        return tuple(patch for patch in patches if patch.key not in keys)

    def _unknown(self, patches: Iterable[Patch]) -> tuple[Patch, ...]:
        """Leave out what is a lesion already."""
        return tuple(
            patch
            for patch in patches
            if (self.labels[patch.mask.region] > 0)[patch.mask.mask].mean() <= KNOWN
        )
