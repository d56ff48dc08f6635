"""What a grader does with one case: prompts, commits, edits, saves.

Knows no model, no window and no disk. Whoever shows it listens to its signals;
whoever answers drafts gives it predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.committing import NothingToCommitError, place
from napari_mae_sam2.annotate.draft import NOTHING, Box, Click, Draft
from napari_mae_sam2.annotate.editing import Editing
from napari_mae_sam2.annotate.freehand import Freehand
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.annotate.reopening import place_again
from napari_mae_sam2.annotate.review import Review
from napari_mae_sam2.annotate.saving import Snapshot

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.review import Patch
    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.model.protocol import Prediction

__all__ = ["CaseSession", "NothingToCommitError"]


class CaseSession(Freehand, Editing):
    """One case while it is graded; see `CaseState` for what it is made of."""

    # --- asking the model ------------------------------------------------------

    def click(self, row: float, column: float, positive: bool = True) -> None:
        """Say of one point that it is leakage, or that it is not.

        On a patch that is to be judged it corrects that patch.
        """
        patch = self.patch_at(row, column)
        if patch is not None:
            self._edit(patch)
        click = Click(row, column, positive)
        earlier = self._low_res_to_build_on()
        name = "leakage click" if positive else "background click"
        self._change_draft(name, self._draft.with_click(click, earlier, self.seen))

    def box(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        """Put a box around the lesion; the corners are (row, column)."""
        box = Box.between(one, other)
        self._change_draft("box", self._draft.with_box(box, self.seen))

    def ask_for_everything(
        self, within: CloseUp | None = None, seen: CloseUp | None = None
    ) -> None:
        """Ask for all leakage in the frame, or in a part of it.

        Parameters
        ----------
        within : CloseUp, optional
            What the model looks at.
        seen : CloseUp, optional
            What the grader sees; patches beside it are left out.
        """
        before = self._moment()
        self._show_review(None)
        draft = Draft(everything=True, close_up=within, seen=seen)
        self._change_draft("all leakage", draft, before)

    def go_on_with(self, draft: Draft) -> None:
        """Take over prompts that were given while the case was opened anew."""
        self._change_draft("prompts", draft)

    def reject(self) -> None:
        """Drop the prompts and the proposal; undo brings them back."""
        if not self._draft.is_empty:
            self._change_draft("reject", NOTHING)

    def take_prediction(
        self,
        draft: Draft,
        prediction: Prediction,
        model: str = "",
        weights: str = "",
        patches: tuple[Patch, ...] = (),
    ) -> bool:
        """Show the model's answer, unless the grader has moved on meanwhile.

        Where all leakage was asked for, its patches are to be judged one by one.

        Returns
        -------
        bool
            False where the answer was stale and is dropped.
        """
        if draft is not self._draft or self.is_answered(weights):
            return False
        if draft.everything:
            self._end_search(Review(draft, patches, model, weights))
            return True
        chosen = min(self._choice, len(prediction.grid) - 1)
        self._show(Proposal(draft, prediction, chosen, model, weights, self._threshold))
        return True

    def is_answered(self, weights: str) -> bool:
        """Tell whether the draft has an answer of the model with these weights."""
        answer = self._review if self._draft.everything else self._proposal
        return (
            answer is not None
            and answer.draft is self._draft
            and answer.weights == weights
            and not (isinstance(answer, Review) and not answer.is_complete)
        )

    def next_candidate(self) -> None:
        """Look at the model's next candidate for the same prompts."""
        if self._proposal is not None:
            following = self._proposal.chosen + 1
            self.choose_candidate(following % self._proposal.candidates)

    # --- the labels ------------------------------------------------------------

    def commit(self) -> int:
        """Make the proposal a lesion where no other lesion is.

        Of a lesion that was opened again it becomes the new shape; its number, kind and
        comment stay.

        Returns
        -------
        int
            The number of the lesion.

        Raises
        ------
        NothingToCommitError
            If there is no proposal or none of it is free.
        """
        return self._commit(each_patch=False)[0]

    def commit_patches(self) -> list[int]:
        """Make each separate patch of the proposal a lesion of its own.

        Returns
        -------
        list of int
            The numbers of the new lesions, from top to bottom.

        Raises
        ------
        NothingToCommitError
            As `commit`.
        """
        return self._commit(each_patch=True)

    def snapshot(self) -> Snapshot:
        """Copy what is to be saved, so that the grader can go on meanwhile."""
        self.painted()
        self.saves.begin()
        return Snapshot(
            self.frame,
            self.labels.copy(),
            tuple(self.present_lesions()),
            self.saves.edits,
            self.saves.word,
            self.image.shares(),
            self.effort.spent,
        )

    def saving_ended(self, snapshot: Snapshot) -> None:
        """Take note that a snapshot is on disk or could not be written."""
        self.saves.ended(snapshot.edits, snapshot.word)
        self.history_changed.emit()

    # --- inside ----------------------------------------------------------------

    def _commit(self, each_patch: bool) -> list[int]:
        proposal = self._proposal
        if proposal is None or proposal.draft is not self._draft:
            raise NothingToCommitError(
                "There is no proposal to commit yet; click on a leak first."
            )
        self.painted()
        before = self._moment()
        mask = self._inside_field(proposal.placed())
        replaces = self._draft.replaces
        free = self.free_numbers()
        if replaces:
            region, numbers = place_again(self.image, mask, replaces, free, each_patch)
            made = self._lesions_of(numbers, proposal)
        else:
            region, numbers = place(self.labels, mask, free, each_patch)
            made = [
                Lesion(
                    number,
                    draft=self._draft,
                    model=proposal.model,
                    score=proposal.score,
                    source="model",
                )
                for number in numbers
            ]
        self._lesions |= {lesion.number: lesion for lesion in made}
        self._draft, self._choice, self._threshold = NOTHING, 0, 0.0
        self._record("commit", before, Origin.MODEL, region)
        self._tell_draft()
        return numbers
