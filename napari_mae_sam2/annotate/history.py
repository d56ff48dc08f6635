"""One history for everything a grader does to a case: prompts, commits, paint.

Steps come back in the order in which they happened, whatever tool made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import PixelChange


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Everything of a case that is not pixels, at one point of its history.

    Attributes
    ----------
    draft, lesions
        As they were.
    choice
        Which of the model's candidates for the draft was looked at.
    """

    draft: Draft
    lesions: Mapping[int, Lesion]
    choice: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing the grader did, and what is needed to take it back."""

    name: str
    before: Moment
    after: Moment
    change: PixelChange | None = None

    @property
    def edits_labels(self) -> bool:
        """True where it changed what is saved: pixels, or what is known of lesions."""
        return self.change is not None or self.before.lesions != self.after.lesions


class History:
    """Steps done and steps taken back, without a limit."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def push(self, step: Step) -> None:
        """Add a step; what had been taken back before can no longer be redone."""
        self._done.append(step)
        self._undone.clear()

    def undo(self) -> Step | None:
        """Take the last step back; None where there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> Step | None:
        """Do the step taken back last once more; None where there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]

    @property
    def next_undo(self) -> str:
        """Name of the step that undo would take back, or nothing."""
        return self._done[-1].name if self._done else ""

    @property
    def next_redo(self) -> str:
        """Name of the step that redo would do again, or nothing."""
        return self._undone[-1].name if self._undone else ""

    def __len__(self) -> int:
        """Count the steps that undo can take back."""
        return len(self._done)
