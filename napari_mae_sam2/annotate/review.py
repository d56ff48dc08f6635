"""What the model found without a prompt, lesion by lesion, until each is judged.

A review never changes: judging a patch makes a new one, so that undo brings the old
one back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.model.protocol import Prediction

SMALLEST: Final = 12
"""Pixels below which a patch is noise and not worth a look."""

MOST: Final = 1000
"""Patches of one review; where a model finds more, the least certain are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A connected piece of what the model calls leakage.

    Attributes
    ----------
    mask : PlacedMask
        Its pixels.
    score : float
        Mean probability of leakage over them, above 0.5.
    """

    mask: PlacedMask
    score: float

    @property
    def middle(self) -> tuple[float, float]:
        """(row, column) of the middle of its rectangle."""
        rows, columns = self.mask.region
        return (rows.start + rows.stop - 1) / 2, (columns.start + columns.stop - 1) / 2

    def reaches(self, part: CloseUp) -> bool:
        """Tell whether a pixel of it lies in a part of the frame."""
        (top, bottom), (left, right) = (
            (max(first - corner, 0), max(last - corner, 0))
            for first, last, corner in (
                (part.top, part.bottom, self.mask.top),
                (part.left, part.right, self.mask.left),
            )
        )
        return bool(self.mask.mask[top:bottom, left:right].any())


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Patches that wait to be accepted, rejected or edited.

    Attributes
    ----------
    draft : Draft
        That asked for them.
    patches : tuple of Patch
        The ones not judged yet, the most certain first.
    model, weights : str
        Name and fingerprint of the model that found them.
    at_least : float
        Patches with a lower score are not shown and not accepted together.
    index : int
        Position of the patch in hand.
    """

    draft: Draft
    patches: tuple[Patch, ...]
    model: str = ""
    weights: str = ""
    at_least: float = 0.0
    index: int = 0

    @property
    def shown(self) -> tuple[Patch, ...]:
        """The patches whose score suffices; they come first."""
        return tuple(each for each in self.patches if each.score >= self.at_least)

    @property
    def current(self) -> Patch | None:
        """The patch in hand."""
        shown = self.shown
        return shown[min(self.index, len(shown) - 1)] if shown else None

    @property
    def position(self) -> int:
        """Where the patch in hand stands among those shown, from 1; 0 for none."""
        return min(self.index + 1, len(self.shown))

    def step(self, step: int) -> Review:
        """Take another patch in hand; behind the last comes the first."""
        count = len(self.shown)
        here = self.position - 1
        return replace(self, index=(here + step) % count) if count else self

    def showing(self, at_least: float) -> Review:
        """Show the patches of this score or more; the one in hand stays if it can."""
        current = self.current
        changed = replace(self, at_least=at_least)
        shown = changed.shown
        index = shown.index(current) if current in shown else len(shown) - 1
        return replace(changed, index=max(index, 0))

    def without(self, *judged: Patch) -> Review:
        """Leave out patches that were judged; the next one is in hand."""
        left = tuple(each for each in self.patches if each not in judged)
        return replace(self, patches=left, index=max(self.position - 1, 0))


def find_patches(prediction: Prediction) -> tuple[Patch, ...]:
    """Take the preferred candidate of an answer apart; not quick on large frames.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    tuple of Patch
        By falling score.
    """
    whole = prediction.mask()
    if not whole.area:
        return ()
    numbers, _ = ndimage.label(whole.mask, structure=np.ones((3, 3)))
    found: list[Patch] = []
    for number, region in enumerate(ndimage.find_objects(numbers), start=1):
        inside = numbers[region] == number
        mask = PlacedMask(
            whole.top + region[0].start, whole.left + region[1].start, inside
        )
        if mask.area >= SMALLEST:
            rows, columns = mask.region
            part = CloseUp(rows.start, columns.start, rows.stop, columns.stop)
            logits = prediction.logits_on(0, part)[inside]
            score = float((1 / (1 + np.exp(-logits))).mean())
            found.append(Patch(mask, score))
    return tuple(sorted(found, key=lambda patch: -patch.score)[:MOST])
