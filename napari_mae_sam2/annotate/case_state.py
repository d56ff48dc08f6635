"""What is known of one case, and how it steps forth and back in time.

Labels, lesions, draft, proposal and history are here; what a grader does with them
is in `session`. Knows no model, no window and no disk.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_mae_sam2.annotate.case_about import NOTHING_SAID, CaseAbout
from napari_mae_sam2.annotate.case_past import Before, Past
from napari_mae_sam2.annotate.committing import NothingToCommitError
from napari_mae_sam2.annotate.draft import NOTHING, Draft
from napari_mae_sam2.annotate.effort import Effort
from napari_mae_sam2.annotate.history import History, Moment, Step, differences
from napari_mae_sam2.annotate.inside_field import inside_field, left_out
from napari_mae_sam2.annotate.label_image import LabelImage
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.numbering import first_of, free_numbers
from napari_mae_sam2.annotate.pixel_change import Origin, region_of
from napari_mae_sam2.annotate.save_state import SaveState
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.kinds import DEFAULT_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.pixel_change import PixelChange, Region
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.annotate.review import Review
    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.fa.placed_mask import PlacedMask
    from napari_mae_sam2.study.kinds import Kind
    from napari_mae_sam2.study.records import Status as RecordStatus


class CaseState:
    """One case as it stands, with its history.

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
    status : str, optional
        What that revision says of the case.

    Raises
    ------
    PlainError
        If the labels have another size than the frame.
    """

    draft_changed = Signal(Draft)
    proposal_changed = Signal(object)
    """Emits a Proposal, or None where there is none to show."""
    review_changed = Signal(object)
    """Emits a Review, or None where nothing is left to judge."""
    labels_changed = Signal(object)
    """Emits the rectangle of the labels that changed, as two slices."""
    refused = Signal(str)
    """Emits a sentence about what was drawn and is not taken."""
    history_changed = Signal()
    stepped = Signal(str, Step)
    """Emits "did", "undid" or "redid" and the step, once everything is so."""

    def __init__(
        self,
        frame: Frame,
        labels: NDArray[Any] | None = None,
        lesions: Iterable[Lesion] = (),
        revision: str | None = None,
        status: RecordStatus | None = None,
    ) -> None:
        if labels is not None and labels.shape != frame.shape:
            raise PlainError(
                f"The labels of {frame.name} are {labels.shape[0]} × {labels.shape[1]} "
                f"pixels but the frame is {frame.shape[0]} × {frame.shape[1]}; "
                "they cannot belong together."
            )
        self.frame = frame
        self._lesions = {lesion.number: lesion for lesion in lesions}
        self.image = LabelImage(frame.pixels, labels, self._lesions.values())
        """The labels, with what is counted of them."""
        self._draft = NOTHING
        self._proposal: Proposal | None = None
        self._review: Review | None = None
        self.seen: CloseUp | None = None
        """What the grader looks at closely; the next draft is about this part."""
        self._history = History()
        self._choice = 0
        self._threshold = 0.0
        self.kinds: tuple[Kind, ...] = DEFAULT_KINDS
        """The kinds of lesions that its study tells apart."""
        self.about: CaseAbout = NOTHING_SAID
        """Patient, eye, visit and phase, as its study says."""
        self.effort = Effort()
        """What the grader spent on the case."""
        self.saves = SaveState(revision, status)
        """What of the labels is on disk."""

    # --- what there is to see --------------------------------------------------

    @property
    def labels(self) -> NDArray[np.uint16]:
        """The lesion numbers (H, W); others paint on this very array."""
        return self.image.pixels

    @property
    def draft(self) -> Draft:
        """The prompts given for the lesion in hand."""
        return self._draft

    @property
    def proposal(self) -> Proposal | None:
        """The model's latest answer; it may answer a draft one click older."""
        return self._proposal

    @property
    def review(self) -> Review | None:
        """What the model found without a prompt and is not judged yet."""
        return self._review

    @property
    def lesions(self) -> Mapping[int, Lesion]:
        """What is known of lesions by number, also of ones painted over since."""
        return MappingProxyType(self._lesions)

    @property
    def choice(self) -> int:
        """Which of the model's candidates is looked at."""
        return self._choice

    @property
    def history(self) -> History:
        """The steps that can be taken back and done again."""
        return self._history

    def lesion_numbers(self) -> list[int]:
        """Return the numbers that pixels of the labels have now, in order."""
        return self.image.numbers()

    def lesion(self, number: int) -> Lesion:
        """Return what is known of a lesion; of a painted one that is its number."""
        return self._lesions.get(number) or Lesion(number)

    def present_lesions(self) -> list[Lesion]:
        """Describe the lesions that have pixels; a painted one has no draft."""
        return [self.lesion(number) for number in self.lesion_numbers()]

    def free_numbers(self) -> range:
        """Return numbers for new lesions, in a row; see `numbering`."""
        return free_numbers({*self._lesions, *self.image.numbers()})

    def next_number(self) -> int:
        """Return the number of the next new lesion; raises NoNumberError."""
        return first_of(self.free_numbers(), 1)[0]

    # --- steps -----------------------------------------------------------------

    def painted(self, name: str = "paint", origin: Origin = Origin.BRUSH) -> bool:
        """Take note that something painted on `labels` in place.

        Parameters
        ----------
        name : str
            How undo names it.
        origin : Origin
            Where pixels that became leakage come from.

        Returns
        -------
        bool
            False where nothing had changed.
        """
        return self._record(name, self._moment(), origin)

    def undo(self) -> str:
        """Take the last step back and return its name, empty if there is none."""
        self.painted()
        return self._go("undid", self._history.undo())

    def redo(self) -> str:
        """Do the step taken back last once more and return its name."""
        self.painted()
        return self._go("redid", self._history.redo())

    # --- coming back from the journal ------------------------------------------

    def take_up(self, past: Past) -> None:
        """Go on where the case was left; called once, before anybody listens."""
        self.image.set_origins(past.origins)
        self._draft, self._review = past.draft, past.review
        self._history = History(past.done, past.undone)

    def look_again(self, choice: int, threshold: float) -> None:
        """Look at the answer that is to come as at the one that was there."""
        self._choice, self._threshold = choice, threshold

    def replay(self, way: str, step: Step | None = None) -> None:
        """Do once more what was done before: "did" with its step, "undid", "redid".

        Raises
        ------
        ValueError
            If there is no such step.
        """
        if way == "did" and step is not None:
            self._history.push(step)
        else:
            step = self._history.undo() if way == "undid" else self._history.redo()
        if step is None:
            raise ValueError(f"there is no step to replay for {way!r}")
        self._go(way, step)

    # --- inside, and for the session -------------------------------------------

    def _moment(self) -> Before:
        return Before(
            self._draft,
            self._choice,
            dict(self._lesions),
            self._review,
            self._threshold,
        )

    def _record(
        self, name: str, before: Before, origin: Origin, within: Region | None = None
    ) -> bool:
        change = self.image.take_change(origin, within)
        self._tell_refused()
        # A lesion that was only opened again is not what was opened any more.
        is_over = change is not None and self._draft.as_it_was
        if is_over:
            self._draft, self._choice = NOTHING, 0
        step = self._step(name, before, change)
        if not step.edits_labels:
            return False
        self.saves.edits += 1
        self._history.push(step)
        if change is not None:
            self.labels_changed.emit(change.region)
        if is_over:
            self._tell_draft()
        self.stepped.emit("did", step)
        self.history_changed.emit()
        return True

    def _tell_refused(self) -> None:
        """Show the labels as they are where something was taken back, and say so."""
        refused = self.image.refused
        if len(refused):
            self.labels_changed.emit(region_of(refused, self.labels.shape[1]))
            self.refused.emit(left_out(len(refused)))

    def _is_outside(self, mask: PlacedMask) -> bool:
        """Tell whether none of a mask can be graded."""
        try:
            inside_field(mask, self.image.outside, self.labels.shape[1])
        except NothingToCommitError:
            return True
        return False

    def _inside_field(self, mask: PlacedMask) -> PlacedMask:
        """Give what of a mask can be graded, and say so where that is not all of it."""
        inside, outside = inside_field(mask, self.image.outside, self.labels.shape[1])
        if outside:
            self.refused.emit(left_out(outside))
        return inside

    def _step(self, name: str, before: Before, change: PixelChange | None) -> Step:
        old, new = differences(before.lesions, self._lesions)
        return Step(
            name,
            Moment(before.draft, before.choice, old, before.review, before.threshold),
            Moment(self._draft, self._choice, new, self._review, self._threshold),
            change,
        )

    def _change_draft(
        self, name: str, draft: Draft, before: Before | None = None
    ) -> None:
        before = before or self._moment()
        self._draft, self._choice = draft, 0
        if draft.is_empty or draft.everything or not draft.has_prompts:
            self._threshold = 0.0  # it was about the lesion that was in hand before
        step = self._step(name, before, None)
        self._history.push(step)
        self._tell_draft()
        self.stepped.emit("did", step)
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

    def _brought_up_to_date(self, review: Review) -> Review:
        """Add to a review of earlier what was found since; see `Searching`."""
        return review

    def _show_review(self, review: Review | None) -> None:
        if review is not self._review:
            self._review = review
            self.review_changed.emit(review)

    def _go(self, way: str, step: Step | None) -> str:
        """Bring the case to one side of a step that was taken from the history."""
        if step is None:
            return ""
        back = way == "undid"
        moment = step.before if back else step.after
        if step.change is not None:
            self.image.put(step.change, back)
        if step.edits_labels:
            self.saves.edits += 1
        for number, lesion in moment.lesions.items():
            if lesion is None:
                self._lesions.pop(number, None)
            else:
                self._lesions[number] = lesion
        if step.change is not None:
            self.labels_changed.emit(step.change.region)
        review, now = moment.review, self._review
        if review is not None and now is not None:
            # How one looks is no step.
            review = review.showing(now.at_least, now.smallest)
        if review is not None:
            review = self._brought_up_to_date(review)
        self._show_review(review)
        if moment.draft is not self._draft:
            self._draft, self._choice = moment.draft, moment.choice
            self._threshold = moment.threshold
            self._tell_draft()
        self.stepped.emit(way, step)
        self.history_changed.emit()
        return step.name
