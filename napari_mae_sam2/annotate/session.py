"""The state of one case in hand: draft, proposal, labels, lesions, history.

Knows no model, no window and no disk. Whoever shows it listens to its signals;
whoever answers drafts gives it predictions.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal
from scipy import ndimage

from napari_mae_sam2.annotate.draft import NOTHING, Box, Click, Draft
from napari_mae_sam2.annotate.history import History, Moment, RegionChange, Step
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.annotate.save_state import SaveState
from napari_mae_sam2.annotate.saving import Snapshot
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Prediction

MOST_LESIONS = int(np.iinfo(np.uint16).max)


class NothingToCommitError(PlainError):
    """There is no proposal, or every pixel of it belongs to a lesion already."""


class CaseSession:
    """One case while it is graded.

    Parameters
    ----------
    frame : Frame
        The frame that is graded.
    labels : uint16 array of shape (H, W), optional
        Lesions found earlier. It is copied; from then on `labels` of the session is
        the one array that is shown, painted on and saved.
    lesions : iterable of Lesion, optional
        What is known of them.
    revision : str, optional
        Id of the saved revision that the labels are, the parent of the next one.

    Raises
    ------
    PlainError
        If the labels have another size than the frame.
    """

    draft_changed = Signal(Draft)
    proposal_changed = Signal(object)
    """Emits a Proposal, or None where there is none to show."""
    labels_changed = Signal(object)
    """Emits the rectangle of the labels that changed, as two slices."""
    history_changed = Signal()

    def __init__(
        self,
        frame: Frame,
        labels: NDArray[Any] | None = None,
        lesions: Iterable[Lesion] = (),
        revision: str | None = None,
    ) -> None:
        if labels is not None and labels.shape != frame.shape:
            raise PlainError(
                f"The labels of {frame.name} are {labels.shape[0]} × {labels.shape[1]} "
                f"pixels but the frame is {frame.shape[0]} × {frame.shape[1]}; "
                "they cannot belong together."
            )
        self.frame = frame
        self.labels: NDArray[np.uint16] = (
            np.zeros(frame.shape, np.uint16)
            if labels is None
            else np.array(labels, np.uint16)
        )
        # What the labels were when we last looked: painting happens elsewhere, in
        # place, and is found as the difference.
        self._known = self.labels.copy()
        self._lesions = {lesion.number: lesion for lesion in lesions}
        self._draft = NOTHING
        self._proposal: Proposal | None = None
        self._history = History()
        self._choice = 0
        self.saves = SaveState(revision)
        """What of the labels is on disk."""

    # --- what there is to see --------------------------------------------------

    @property
    def draft(self) -> Draft:
        """The prompts given for the lesion in hand."""
        return self._draft

    @property
    def proposal(self) -> Proposal | None:
        """The model's latest answer; it may answer a draft one click older."""
        return self._proposal

    @property
    def lesions(self) -> Mapping[int, Lesion]:
        """What is known of lesions by number, also of ones painted over since."""
        return MappingProxyType(self._lesions)

    @property
    def history(self) -> History:
        """The steps that can be taken back and done again."""
        return self._history

    def lesion_numbers(self) -> list[int]:
        """Return the numbers that pixels of the labels have now, in order."""
        return [int(number) for number in np.unique(self.labels) if number]

    def present_lesions(self) -> list[Lesion]:
        """Describe the lesions that have pixels; a painted one has no draft."""
        return [
            self._lesions.get(number, Lesion(number))
            for number in self.lesion_numbers()
        ]

    # --- asking the model ------------------------------------------------------

    def click(self, row: float, column: float, positive: bool = True) -> None:
        """Say of one point that it is leakage, or that it is not."""
        click = Click(row, column, positive)
        earlier = self._low_res_to_build_on()
        name = "leakage click" if positive else "background click"
        self._change_draft(name, self._draft.with_click(click, earlier))

    def box(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        """Put a box around the lesion; the corners are (row, column)."""
        self._change_draft("box", self._draft.with_box(Box.between(one, other)))

    def ask_for_everything(self) -> None:
        """Ask for all leakage in the frame."""
        self._change_draft("all leakage", Draft(everything=True))

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
    ) -> bool:
        """Show the model's answer, unless the grader has moved on meanwhile.

        Returns
        -------
        bool
            False where the answer was stale and is dropped.
        """
        if draft is not self._draft or self.is_answered(weights):
            return False
        chosen = min(self._choice, len(prediction.logits) - 1)
        self._show(Proposal(draft, prediction, chosen, model, weights))
        return True

    def is_answered(self, weights: str) -> bool:
        """Tell whether the draft has an answer of the model with these weights."""
        proposal = self._proposal
        return (
            proposal is not None
            and proposal.draft is self._draft
            and proposal.weights == weights
        )

    def next_candidate(self) -> None:
        """Look at the model's next candidate for the same prompts."""
        if self._proposal is not None:
            shown = self._proposal.next()
            self._choice = shown.chosen
            self._show(shown)

    # --- the labels ------------------------------------------------------------

    def commit(self) -> int:
        """Make the proposal a lesion where no other lesion is.

        Returns
        -------
        int
            The number of the new lesion.

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

    def delete(self, number: int) -> None:
        """Remove a lesion; undo brings it back."""
        self.painted()
        before = self._moment()
        self.labels[self.labels == number] = 0
        self._record("delete lesion", before)

    def painted(self, name: str = "paint") -> bool:
        """Take note that something painted on `labels` in place.

        Returns
        -------
        bool
            False where nothing had changed.
        """
        return self._record(name, self._moment())

    def snapshot(self) -> Snapshot:
        """Copy what is to be saved, so that the grader can go on meanwhile."""
        self.painted()
        self.saves.begin()
        return Snapshot(
            self.frame,
            self.labels.copy(),
            tuple(self.present_lesions()),
            self.saves.edits,
            self.saves.study,
        )

    def saving_ended(self, edits: int) -> None:
        """Take note that a snapshot is on disk or could not be written."""
        self.saves.ended(edits)
        self.history_changed.emit()

    def move_to_new_study(self) -> None:
        """Take note that the labels belong to another study from now on."""
        self.painted()
        self.saves.move()
        self.history_changed.emit()

    # --- history ---------------------------------------------------------------

    def undo(self) -> str:
        """Take the last step back and return its name, empty if there is none."""
        self.painted()
        step = self._history.undo()
        if step is None:
            return ""
        before = None if step.change is None else step.change.before
        self._apply(step, step.before, before)
        return step.name

    def redo(self) -> str:
        """Do the step taken back last once more and return its name."""
        self.painted()
        step = self._history.redo()
        if step is None:
            return ""
        after = None if step.change is None else step.change.after
        self._apply(step, step.after, after)
        return step.name

    # --- inside ----------------------------------------------------------------

    def _moment(self) -> Moment:
        return Moment(self._draft, dict(self._lesions), self._choice)

    def _low_res_to_build_on(self) -> NDArray[np.float32] | None:
        # Only an answer to this very draft: an older one would steer the model back.
        if self._proposal is None or self._proposal.draft is not self._draft:
            return None
        return self._proposal.low_res

    def _change_draft(self, name: str, draft: Draft) -> None:
        before = self._moment()
        self._draft, self._choice = draft, 0
        self._history.push(Step(name, before, self._moment()))
        self._tell_draft()
        self.history_changed.emit()

    def _tell_draft(self) -> None:
        # Of a refined lesion the old proposal stays until the new answer comes, so
        # that nothing flickers; of no draft at all it must go at once.
        if self._draft.is_empty:
            self._show(None)
        self.draft_changed.emit(self._draft)

    def _show(self, proposal: Proposal | None) -> None:
        if proposal is None and self._proposal is None:
            return
        self._proposal = proposal
        self.proposal_changed.emit(proposal)

    def _commit(self, each_patch: bool) -> list[int]:
        proposal = self._proposal
        if proposal is None or proposal.draft is not self._draft:
            raise NothingToCommitError(
                "There is no proposal to commit yet; click on a leak first."
            )
        mask = proposal.mask()
        free = mask & (self.labels == 0)
        if not free.any():
            raise NothingToCommitError(
                "Every pixel of the proposal belongs to a lesion already; "
                "refine it or reject it with R."
                if mask.any()
                else "The proposal is empty; add a click on the leak, or reject it "
                "with R."
            )
        patches, count = (
            ndimage.label(free, structure=np.ones((3, 3)))
            if each_patch
            else (free.astype(np.uint16), 1)
        )
        first = max(int(self.labels.max()), *self._lesions, 0) + 1
        if first + count - 1 > MOST_LESIONS:
            raise NothingToCommitError(
                f"A frame holds at most {MOST_LESIONS} lesions; merge some first."
            )
        self.painted()
        before = self._moment()
        self.labels[free] = (patches[free] + (first - 1)).astype(np.uint16)
        numbers = list(range(first, first + count))
        for number in numbers:
            self._lesions[number] = Lesion(
                number,
                draft=self._draft,
                model=proposal.model,
                score=proposal.score,
                source="model",
            )
        self._draft, self._choice = NOTHING, 0
        self._record("commit", before)
        self._tell_draft()
        return numbers

    def _record(self, name: str, before: Moment) -> bool:
        change = RegionChange.between(self._known, self.labels)
        if change is None:
            return False
        self._known[change.region] = change.after
        self.saves.edits += 1
        self._history.push(Step(name, before, self._moment(), change))
        self.labels_changed.emit(change.region)
        self.history_changed.emit()
        return True

    def _apply(
        self, step: Step, moment: Moment, pixels: NDArray[np.uint16] | None
    ) -> None:
        if step.change is not None and pixels is not None:
            self.labels[step.change.region] = pixels
            self._known[step.change.region] = pixels
            self.saves.edits += 1
            self.labels_changed.emit(step.change.region)
        self._lesions = dict(moment.lesions)
        if moment.draft is not self._draft:
            self._draft, self._choice = moment.draft, moment.choice
            self._tell_draft()
        self.history_changed.emit()
