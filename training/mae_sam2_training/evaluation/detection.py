"""Lesions found and missed: the prompt-free answer against the lesions one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.lesions import lesion_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EIGHT_CONNECTED = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What the prompt-free answer found in one frame.

    Attributes
    ----------
    lesions : tuple of int
        Ids of the lesions that count, from the largest to the smallest.
    found : tuple of bool
        Whether each was found.
    pieces : int
        Connected pieces of the answer that count.
    right : int
        How many of them are leakage.
    labels : int32 array of shape (H, W)
        All pieces of the answer, 0 where there is none.
    """

    lesions: tuple[int, ...]
    found: tuple[bool, ...]
    pieces: int
    right: int
    labels: NDArray[np.int32]

    def touching(self, lesion: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Give the pieces that touch a lesion: what accepting them would give."""
        touched = np.unique(self.labels[lesion])
        inside: NDArray[np.bool_] = np.isin(self.labels, touched[touched > 0])
        return inside


def detect(
    answer: NDArray[np.bool_],
    lesions: NDArray[np.uint16],
    overlap: float,
    min_area: int,
) -> Detection:
    """Compare the prompt-free answer with the lesions.

    A lesion is found where at least the share `overlap` of its pixels is in the
    answer; an 8-connected piece of the answer is right where at least that share of
    its pixels lies on lesions. Both may be smaller than the other: leakage has no
    sharp border, and one piece may cover two lesions (compare Commowick 2018, who
    score detection apart from outlines in the same way).

    Parameters
    ----------
    answer : bool array of shape (H, W)
        All that the model calls leakage.
    lesions : uint16 array of shape (H, W)
        Ids from 1.
    overlap : float
        Above 0 and up to 1.
    min_area : int
        Lesions and pieces of fewer pixels are left out.

    Returns
    -------
    Detection
    """
    areas = np.bincount(lesions.ravel(), minlength=1)
    counted = [i for i in lesion_ids(lesions) if areas[i] >= min_area]
    counted.sort(key=lambda i: (-areas[i], i))
    covered = np.bincount(lesions[answer], minlength=len(areas))
    labels, count = ndimage.label(answer, structure=_EIGHT_CONNECTED)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    on_lesions = np.bincount(labels[lesions > 0], minlength=count + 1)
    large = [i for i in range(1, count + 1) if sizes[i] >= min_area]
    return Detection(
        lesions=tuple(counted),
        found=tuple(bool(covered[i] >= overlap * areas[i]) for i in counted),
        pieces=len(large),
        right=sum(bool(on_lesions[i] >= overlap * sizes[i]) for i in large),
        labels=labels.astype(np.int32),
    )
