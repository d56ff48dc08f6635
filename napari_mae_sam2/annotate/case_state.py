"""What is known of one case, and how it steps forth and back in time.

Labels, lesions, draft, proposal and history are here; what a grader does with them
is in `session`. Knows no model, no window and no disk.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_mae_sam2.annotate.draft import NOTHING, Draft
from napari_mae_sam2.annotate.history import History, Moment, Step
from napari_mae_sam2.annotate.label_image import LabelImage
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.save_state import SaveState
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.pixel_change import Region
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.fa.frame import Frame


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
        self._lesions = {lesion.number: lesion for lesion in lesions}
        self.image = LabelImage(frame.pixels, labels, self._lesions.values())
        """The labels, with what is counted of them."""
        self._draft = NOTHING
        self._proposal: Proposal | None = None
        self._history = History()
        self._choice = 0
        self.saves = SaveState(revision)
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
    def lesions(self) -> Mapping[int, Lesion]:
        """What is known of lesions by number, also of ones painted over since."""
        return MappingProxyType(self._lesions)

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

    def next_number(self) -> int:
        """Return the first number that no lesion has or ever had."""
        return max([0, *self._lesions, *self.image.numbers()[-1:]]) + 1

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
        step = self._history.undo()
        if step is None:
            return ""
        self._apply(step, back=True)
        return step.name

    def redo(self) -> str:
        """Do the step taken back last once more and return its name."""
        self.painted()
        step = self._history.redo()
        if step is None:
            return ""
        self._apply(step, back=False)
        return step.name

    # --- inside, and for the session -------------------------------------------

    def _moment(self) -> Moment:
        return Moment(self._draft, dict(self._lesions), self._choice)

    def _record(
        self, name: str, before: Moment, origin: Origin, within: Region | None = None
    ) -> bool:
        change = self.image.take_change(origin, within)
        if change is None and before.lesions == self._lesions:
            return False
        self.saves.edits += 1
        self._history.push(Step(name, before, self._moment(), change))
        if change is not None:
            self.labels_changed.emit(change.region)
        self.history_changed.emit()
        return True

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

    def _apply(self, step: Step, back: bool) -> None:
        moment = step.before if back else step.after
        if step.change is not None:
            self.image.put(step.change, back)
        if step.edits_labels:
            self.saves.edits += 1
        self._lesions = dict(moment.lesions)
        if step.change is not None:
            self.labels_changed.emit(step.change.region)
        if moment.draft is not self._draft:
            self._draft, self._choice = moment.draft, moment.choice
            self._tell_draft()
        self.history_changed.emit()
