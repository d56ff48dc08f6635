"""The patches of what a model calls leakage: taken apart, scored, grouped, in order.

What is judged first is what is worth most: groups of neighbours by their best patch,
and the patches of a group by their score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.bare_vessel import VesselFinder
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Prediction

SMALLEST: Final = 12
"""Pixels below which a patch is noise and not worth a look."""

MOST: Final = 1000
"""Patches of one review; where a model finds more, the least certain are left out."""

NEAR: Final = 1 / 48
"""Of the longer side of a frame: patches with no wider gap belong to one group."""

_COARSE: Final = 256
"""Cells along the longer side of a frame on which gaps are measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A connected piece of what the model calls leakage.

    Attributes
    ----------
    mask : PlacedMask
        Its pixels.
    score : float
        Mean probability of leakage over them, lowered where they are a bare vessel.
    group : int
        Number of its group, from 1 for the best; 0 where it is in none.
    """

    mask: PlacedMask
    score: float
    group: int = 0

    @property
    def middle(self) -> tuple[float, float]:
        """(row, column) of the middle of its rectangle."""
        rows, columns = self.mask.region
        return (rows.start + rows.stop - 1) / 2, (columns.start + columns.stop - 1) / 2

    @property
    def key(self) -> tuple[int, int, int]:
        """What tells it from every other patch of one answer."""
        return self.mask.top, self.mask.left, self.mask.area

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


def usual_smallest(shape: tuple[int, int]) -> int:
    """Give the area below which a patch is not shown until the grader says otherwise.

    A disc as wide as 1/100 of the frame, about the size of a microaneurysm in a field
    of 50 degrees; never more than 90 pixels, because wider fields show them smaller.

    Parameters
    ----------
    shape : (int, int)
        (H, W) of the frame.
    """
    disc = np.pi / 4 * (max(shape) / 100) ** 2
    return int(np.clip(round(disc), SMALLEST, 90))


def find_patches(
    prediction: Prediction, pixels: NDArray[Any] | None = None
) -> tuple[Patch, ...]:
    """Take the preferred candidate of an answer apart; not quick on large frames.

    Parameters
    ----------
    prediction : Prediction
    pixels : array of shape (H, W) or (H, W, 3), optional
        The frame, to tell bare vessels; without it scores are mean probabilities.

    Returns
    -------
    tuple of Patch
        In the order in which they are to be judged.
    """
    whole = prediction.mask()
    if not whole.area:
        return ()
    vessels = None if pixels is None else VesselFinder(pixels)
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
            if vessels is not None:
                score *= vessels.trust(mask)
            found.append(Patch(mask, score))
    return in_order(found, prediction.shape)


def in_order(patches: Iterable[Patch], shape: tuple[int, int]) -> tuple[Patch, ...]:
    """Group patches that lie close together, and bring all into the order of judging.

    Parameters
    ----------
    patches : iterable of Patch
    shape : (int, int)
        (H, W) of the frame.

    Returns
    -------
    tuple of Patch
        With their groups; the group with the best patch first, the best of each first.
    """
    best = sorted(patches, key=lambda patch: -patch.score)[:MOST]
    members = _neighbours(best, shape)
    ranks: dict[int, int] = {}
    for member in members:
        ranks.setdefault(member, len(ranks) + 1)
    # One that stays as it is stays itself: the journal writes each patch once.
    ranked = [
        patch if patch.group == ranks[member] else replace(patch, group=ranks[member])
        for patch, member in zip(best, members, strict=True)
    ]
    return tuple(sorted(ranked, key=lambda patch: patch.group))


def _neighbours(patches: Sequence[Patch], shape: tuple[int, int]) -> list[int]:
    """Give for each patch a number that its neighbours share."""
    step = max(1, -(-max(shape) // _COARSE))
    cells = np.zeros([-(-length // step) for length in shape], bool)
    places = []
    for patch in patches:
        rows, columns = np.nonzero(patch.mask.mask)
        at = (rows + patch.mask.top) // step, (columns + patch.mask.left) // step
        cells[at] = True
        places.append((at[0][0], at[1][0]))
    reach = max(1, round(NEAR * max(shape) / step / 2))
    square = np.ones((2 * reach + 1, 2 * reach + 1), bool)
    groups, _ = ndimage.label(ndimage.binary_dilation(cells, square))
    return [int(groups[place]) for place in places]
