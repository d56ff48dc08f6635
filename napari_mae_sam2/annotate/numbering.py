"""Which numbers new lesions get: ones that no lesion has or ever had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.annotate.label_image import MOST_LESIONS
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterable

ENOUGH = 1000
"""Numbers behind the last one that suffice for whatever is done next."""


class NoNumberError(PlainError):
    """A frame cannot hold so many lesions."""

    def __init__(self) -> None:
        super().__init__(f"A frame holds at most {MOST_LESIONS} lesions; merge some.")


def free_numbers(taken: Iterable[int]) -> range:
    """Find numbers in a row for new lesions.

    Those behind the last one, so that numbers tell in which order lesions were made; or
    the most in a row that there are where few are left behind it, because somebody
    numbered a lesion 65535.

    Parameters
    ----------
    taken : iterable of int
        Numbers from 1 to 65535, in any order.

    Returns
    -------
    range
        Empty where every number is taken.
    """
    numbers = np.unique(np.fromiter(taken, np.int64))
    last = int(numbers[-1]) if len(numbers) else 0
    if last + ENOUGH <= MOST_LESIONS:
        return range(last + 1, MOST_LESIONS + 1)
    fences = np.concatenate([[0], numbers, [MOST_LESIONS + 1]])
    gaps = np.diff(fences) - 1
    widest = int(gaps.argmax())
    return range(int(fences[widest]) + 1, int(fences[widest + 1]))


def first_of(free: range, count: int) -> list[int]:
    """Give the first so many of some free numbers.

    Raises
    ------
    NoNumberError
        If there are not so many.
    """
    if count > len(free):
        raise NoNumberError
    return list(free[:count])
