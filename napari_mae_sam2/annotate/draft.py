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
        Low-resolution logits of the proposal that the last click corrects.
    everything
        True where the grader asked for all leakage in the frame.
    """

    clicks: tuple[Click, ...] = ()
    boxes: tuple[Box, ...] = ()
    earlier: NDArray[np.float32] | None = None
    everything: bool = False

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to ask the model."""
        return not (self.clicks or self.boxes or self.everything)

    def with_click(
        self, click: Click, earlier: NDArray[np.float32] | None = None
    ) -> Draft:
        """Add a click; one on a proposal of all leakage begins a lesion of its own."""
        if self.everything:
            return Draft(clicks=(click,))
        return replace(self, clicks=(*self.clicks, click), earlier=earlier)

    def with_box(self, box: Box) -> Draft:
        """Put the box in place of an earlier one; a second box is a second thought."""
        if self.everything:
            return Draft(boxes=(box,))
        return replace(self, boxes=(box,), earlier=None)

    def prompts(self) -> Prompts:
        """Turn into what a predictor takes; empty prompts ask for all leakage."""
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
