"""Which pieces a lesion falls into, and which lesions belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

from napari_mae_sam2.fa.cleanup import EIGHT_CONNECTED

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


def separate_parts(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Give each part of a lesion that touches no other a number, the largest first.

    Parameters
    ----------
    mask : bool array of shape (H, W)

    Returns
    -------
    int32 array of shape (H, W)
        0 beside the mask.
    """
    return _largest_first(ndimage.label(mask, structure=EIGHT_CONNECTED)[0])


def cut_at_necks(mask: NDArray[np.bool_], narrower: float) -> NDArray[np.int32]:
    """Cut a lesion where it is narrow: a watershed on the depth below its outline.

    Parameters
    ----------
    mask : bool array of shape (H, W)
        With a margin of a pixel, except at the frame's edge.
    narrower : float
        A place counts as a neck where it is this many pixels narrower than what lies
        on each side of it.

    Returns
    -------
    int32 array of shape (H, W)
        Pieces from 1, the largest first; 0 beside the mask.
    """
    if mask.all() or not mask.any():
        return mask.astype(np.int32)
    depth = ndimage.distance_transform_edt(mask)
    # Half a pixel at least: a smaller rise is the staircase of the outline.
    peaks = h_maxima(depth, max(narrower / 2, 0.5))
    markers, _ = ndimage.label(peaks, structure=EIGHT_CONNECTED)
    pieces = watershed(
        -depth, markers, mask=mask, connectivity=EIGHT_CONNECTED.astype(np.uint8)
    )
    return _largest_first(pieces)


def group_near(
    labels: NDArray[np.uint16], numbers: Collection[int], gap: float
) -> dict[int, int]:
    """Find lesions that lie so near that they are one.

    Parameters
    ----------
    labels : uint16 array of shape (H, W)
    numbers : collection of int
        The lesions whose neighbours are looked for.
    gap : float
        Pixels between two that belong together; those that touch always do.

    Returns
    -------
    dict of int to int
        Number of each lesion that is to join another, and which. A single lesion
        takes its neighbours in; of several, the lowest number of a group stays.
    """
    pairs: set[tuple[int, int]] = set()
    boxes = ndimage.find_objects(labels.astype(np.int32))
    margin = int(np.ceil(gap)) + 2
    for number in numbers:
        box = boxes[number - 1] if 0 < number <= len(boxes) else None
        if box is None:
            continue
        window = widen(box, margin, labels.shape)
        near = ndimage.distance_transform_edt(labels[window] != number) <= gap + 1.5
        found = np.unique(labels[window][near])
        pairs.update((number, int(n)) for n in found if n not in (0, number))
    if len(numbers) == 1:
        return {joins: number for number, joins in pairs}
    return _lowest_of_each_group(pairs)


def widen(
    box: tuple[slice, slice], margin: int, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Give a rectangle a margin, as far as the frame goes."""
    rows, columns = (
        slice(max(side.start - margin, 0), min(side.stop + margin, length))
        for side, length in zip(box, shape, strict=True)
    )
    return rows, columns


def _lowest_of_each_group(pairs: Collection[tuple[int, int]]) -> dict[int, int]:
    if not pairs:
        return {}
    ends = np.array(sorted(pairs))
    known = np.unique(ends)
    one, other = np.searchsorted(known, ends).T
    graph = coo_array(
        (np.ones(len(ends), bool), (one, other)), shape=(len(known), len(known))
    )
    _, group = connected_components(graph, directed=False)
    lowest = {int(g): int(known[group == g].min()) for g in np.unique(group)}
    return {
        int(number): lowest[int(g)]
        for number, g in zip(known, group, strict=True)
        if number != lowest[int(g)]
    }


def _largest_first(pieces: NDArray[np.int32]) -> NDArray[np.int32]:
    areas = np.bincount(pieces.ravel())
    areas[0] = 0
    order = np.argsort(-areas, kind="stable")[: np.count_nonzero(areas)]
    ranks = np.zeros(len(areas), np.int32)
    ranks[order] = np.arange(1, len(order) + 1)
    ranks_of: NDArray[np.int32] = ranks[pieces]
    return ranks_of
