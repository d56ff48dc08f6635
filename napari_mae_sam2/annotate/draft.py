"""What the grader has asked of the model so far, for the lesion in hand.

A draft never changes: a click makes a new one, so that a step back is the draft
that was there before, to the bit, and an answer can be told from a stale one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.fa.placed_mask import PlacedMask


@dataclass(frozen=True, slots=True)
class Click:
    """One point of the frame, in (row, column) pixels: leakage, or not."""

    row: float
    column: float
    positive: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around a lesion, in pixels of the frame, ends included."""

    top: float
    left: float
    bottom: float
    right: float

    @classmethod
    def between(cls, one: tuple[float, float], other: tuple[float, float]) -> Box:
        """Make the box that two opposite corners (row, column) span."""
        (r0, c0), (r1, c1) = one, other
        return cls(min(r0, r1), min(c0, c1), max(r0, r1), max(c0, c1))


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Clicks and boxes for one lesion, or the wish to see all leakage.

    Attributes
    ----------
    clicks, boxes
        In the order in which they were given.
    earlier : float32 array of shape (256, 256), optional
        Low-resolution logits of the proposal that the last click corrects, or of a
        mask that was drawn.
    everything
        True where the grader asked for all leakage in the frame, or in the close-up.
    start : PlacedMask, optional
        What is there to begin with, such as a patch that the grader wants to edit;
        clicks correct it.
    close_up : CloseUp, optional
        The part of the frame that the model is asked about, because the grader had
        zoomed in at the first prompt; None for the whole frame.
    replaces : int
        Number of the committed lesion that was opened again, 0 for none.
    as_it_was : bool
        True while nothing was said since: the start is the answer then.
    seen : CloseUp, optional
        Where all leakage of what is seen was asked for: what lies beside it is left
        out, though the model looks at somewhat more.
    """

    clicks: tuple[Click, ...] = ()
    boxes: tuple[Box, ...] = ()
    earlier: NDArray[np.float32] | None = None
    everything: bool = False
    start: PlacedMask | None = None
    close_up: CloseUp | None = None
    replaces: int = 0
    as_it_was: bool = False
    seen: CloseUp | None = None

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to ask the model."""
        return not self.has_prompts and self.start is None

    @property
    def has_prompts(self) -> bool:
        """True where the model is asked something."""
        said = bool(self.clicks or self.boxes or self.everything)
        return said and not self.as_it_was

    def with_click(
        self,
        click: Click,
        earlier: NDArray[np.float32] | None = None,
        seen: CloseUp | None = None,
    ) -> Draft:
        """Add a click; one on a proposal of all leakage begins a lesion of its own.

        Parameters
        ----------
        click : Click
        earlier : float32 array of shape (256, 256), optional
            Of the proposal that the click corrects.
        seen : CloseUp, optional
            What the grader looks at closely; a draft that has begun stays where it is
            as long as its prompts do.
        """
        if self.everything:
            return Draft(clicks=(click,))._moved(seen)
        clicks = (*self.clicks, click)
        return replace(self, clicks=clicks, earlier=earlier, as_it_was=False)._on(
            self, seen
        )

    def with_box(self, box: Box, seen: CloseUp | None = None) -> Draft:
        """Put the box in place of an earlier one; a second box is a second thought."""
        if self.everything:
            return Draft(boxes=(box,))._moved(seen)
        return replace(self, boxes=(box,), earlier=None, as_it_was=False)._on(
            self, seen
        )

    def _on(self, before: Draft, seen: CloseUp | None) -> Draft:
        """Stay where the draft before was, or go where all prompts have room."""
        if before.is_empty or not self._fits(self.close_up):
            return self._moved(seen)
        return self

    def _moved(self, seen: CloseUp | None) -> Draft:
        close_up = seen if self._fits(seen) else None
        if close_up == self.close_up:
            return self
        # What was answered on another part cannot be built upon.
        return replace(self, close_up=close_up, earlier=None)

    def _fits(self, close_up: CloseUp | None) -> bool:
        """Tell whether every prompt lies in a part of the frame."""
        places = [(click.row, click.column) for click in self.clicks]
        for box in self.boxes:
            places += [(box.top, box.left), (box.bottom, box.right)]
        return close_up is None or all(close_up.contains(*place) for place in places)

    def prompts(self) -> Prompts:
        """Turn into what a predictor takes; empty prompts ask for all leakage.

        They are in pixels of the frame, also where the draft is about a close-up.
        """
        if self.everything:
            return Prompts()
        points = [(click.row, click.column) for click in self.clicks]
        boxes = [(box.top, box.left, box.bottom, box.right) for box in self.boxes]
        return Prompts(
            points=np.array(points, np.float32).reshape(-1, 2),
            labels=np.array([click.positive for click in self.clicks], np.int8),
            boxes=np.array(boxes, np.float32).reshape(-1, 4),
            mask=self.earlier,
        )


NOTHING = Draft()
"""The draft of a grader who has not clicked yet."""
