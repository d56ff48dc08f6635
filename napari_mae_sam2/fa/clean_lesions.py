"""Clean-up of lesions in a label image: every tool, on one lesion or on many.

Each lesion is worked on within its own rectangle, so that a large frame stays quick,
and none ever takes a pixel of another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa import cleanup
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.lesions import MAX_LESIONS, LabelError
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.splitting import (
    cut_at_necks,
    group_near,
    separate_parts,
    widen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import NDArray

    Window = tuple[slice, slice]
    Mask = NDArray[np.bool_]


class CleanUp(Enum):
    """What can be done to the outline of a lesion."""

    FILL_HOLES = "fill holes"
    DROP_ISLANDS = "remove small specks"
    SMOOTH = "smooth"
    GROW = "grow"
    SHRINK = "shrink"
    SNAP = "snap to edge"
    SPLIT_PARTS = "split into parts"
    SPLIT_NECKS = "split at necks"
    MERGE = "merge"
    GRADABLE = "keep inside the gradable area"


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """What a clean-up makes of a label image.

    Attributes
    ----------
    labels : uint16 array of shape (H, W)
        A new array.
    cut_from : mapping of int to int
        Number of each new lesion, and the lesion that it was a part of.
    joined : mapping of int to int
        Number of each lesion that is gone, and the one that it is a part of now.
    """

    labels: NDArray[np.uint16]
    cut_from: Mapping[int, int] = field(default_factory=dict)
    joined: Mapping[int, int] = field(default_factory=dict)


def clean(
    what: CleanUp,
    labels: NDArray[np.uint16],
    numbers: Collection[int],
    size: float,
    pixels: NDArray[Any],
    free_numbers: range,
    cancelled: Callable[[], bool] = bool,
) -> Cleaned:
    """Clean lesions up.

    Parameters
    ----------
    what : CleanUp
    labels : uint16 array of shape (H, W)
        It is left as it is.
    numbers : collection of int
        The lesions to work on; ones without pixels are passed over.
    size : float
        A length in pixels: the diameter of the largest island that goes, the width of
        the bumps that are smoothed, of the rim that is added or taken off, how far an
        outline may move to an edge, by how much a neck is narrower than its sides,
        how far apart lesions may be that are merged. Other tools need none.
    pixels : array of shape (H, W) or (H, W, 3)
        The frame.
    free_numbers : range
        Numbers that new pieces of split lesions may get.
    cancelled : callable
        Asked before each lesion; where it answers True, the rest is left out.

    Raises
    ------
    LabelError
        If a split needs more numbers than there are.
    """
    if what is CleanUp.MERGE:
        return _merge(labels, group_near(labels, numbers, size))
    windows = _windows(labels, numbers, _margin(what, size), cancelled)
    if what is CleanUp.SPLIT_PARTS:
        return _split(labels, windows, separate_parts, free_numbers)
    if what is CleanUp.SPLIT_NECKS:
        cut = partial(cut_at_necks, narrower=size)
        return _split(labels, windows, cut, free_numbers)
    reshape = _reshaper(what, labels, numbers, size, pixels)
    cleaned = labels.copy()
    for number, window in windows:
        own = labels[window] == number
        wanted = reshape(number, own, window)
        here = cleaned[window]  # a view
        here[own & ~wanted] = 0
        here[wanted & (labels[window] == 0) & (here == 0)] = number
    return Cleaned(cleaned)


def _reshaper(
    what: CleanUp,
    labels: NDArray[np.uint16],
    numbers: Collection[int],
    size: float,
    pixels: NDArray[Any],
) -> Callable[[int, Mask, Window], Mask]:
    """Give the function that takes a lesion's number, mask and window to its mask."""
    if what is CleanUp.FILL_HOLES:
        return lambda _number, own, _window: cleanup.fill_holes(own)
    if what is CleanUp.DROP_ISLANDS:
        return lambda _number, own, _window: cleanup.drop_islands(own, size)
    if what is CleanUp.SMOOTH:
        return lambda _number, own, _window: cleanup.smooth(own, size)
    if what is CleanUp.SHRINK:
        return lambda _number, own, _window: cleanup.shrink(own, size)
    if what is CleanUp.GRADABLE:
        gradable = field_mask(pixels)
        return lambda _number, own, window: own & gradable[window]
    if what is CleanUp.SNAP:
        grey = as_grey8(pixels)
        return lambda _number, own, window: cleanup.snap_to_edge(
            own, grey[window], labels[window] == 0, size
        )
    growing = list(numbers)

    def grown(number: int, own: Mask, window: Window) -> Mask:
        here = labels[window]
        others = np.isin(here, growing) & ~own
        return cleanup.grow(own, here == 0, others, size)

    return grown


def _margin(what: CleanUp, size: float) -> int:
    """How far around a lesion its clean-up looks, in pixels."""
    around = {CleanUp.SMOOTH: 2.0, CleanUp.GROW: 2.0, CleanUp.SNAP: 1.0}
    # One more as a rim for holes and depth, two more for the blur of the edges.
    return int(np.ceil(around.get(what, 0.0) * size)) + 3


def _windows(
    labels: NDArray[np.uint16],
    numbers: Collection[int],
    margin: int,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, Window]]:
    boxes = ndimage.find_objects(labels.astype(np.int32))
    for number in sorted(numbers):
        if cancelled():
            return
        box = boxes[number - 1] if 0 < number <= len(boxes) else None
        if box is not None:
            yield number, widen(box, margin, labels.shape)


def _split(
    labels: NDArray[np.uint16],
    windows: Iterator[tuple[int, Window]],
    cut: Callable[[Mask], NDArray[np.int32]],
    free_numbers: range,
) -> Cleaned:
    split = labels.copy()
    cut_from: dict[int, int] = {}
    for number, window in windows:
        pieces = cut(labels[window] == number)
        new = int(pieces.max()) - 1
        start = free_numbers.start + len(cut_from)
        if start + new > free_numbers.stop:
            raise LabelError(
                f"A frame holds at most {MAX_LESIONS} lesions: split fewer at once."
            )
        # The largest piece, which is the first, stays what it was.
        others = pieces > 1
        split[window][others] = (pieces[others] + (start - 2)).astype(np.uint16)
        cut_from.update(dict.fromkeys(range(start, start + new), number))
    return Cleaned(split, cut_from=cut_from)


def _merge(labels: NDArray[np.uint16], joined: dict[int, int]) -> Cleaned:
    table = np.arange(int(labels.max()) + 1, dtype=np.uint16)
    for gone, number in joined.items():
        table[gone] = number
    return Cleaned(table[labels], joined=joined)
