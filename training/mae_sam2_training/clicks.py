"""The simulated grader: where somebody who knows the truth would click.

Works on masks of any size, in (row, column). With a generator the grader is a
person, who clicks somewhere sensible; without one, the ideal one who always clicks
in the middle, which is what evaluation uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    distance_transform_edt,
    gaussian_filter,
    shift,
)
from skimage.measure import label as connected

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUGH_LOGIT = 6.0
"""Height of the logits of a rough mask: sure, as a painted stroke is."""


def first_click(
    lesion: NDArray[np.bool_], rng: np.random.Generator | None = None
) -> tuple[int, int]:
    """Click inside a lesion.

    Parameters
    ----------
    lesion : bool array of shape (H, W)
        Not empty.
    rng : Generator, optional
        A person clicks uniformly among the pixels that are deeper inside than some
        random share of the deepest one; without it, the deepest pixel is clicked.

    Returns
    -------
    (int, int)
        (row, column).

    Raises
    ------
    ValueError
        If the lesion is empty.
    """
    if not lesion.any():
        raise ValueError("nobody can click inside an empty lesion")
    depth = depth_inside(lesion)
    if rng is None:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(row), int(column)
    deep = np.argwhere(depth >= max(rng.random() * depth.max(), 1e-6))
    row, column = deep[rng.integers(len(deep))]
    return int(row), int(column)


def next_click(
    wanted: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    rng: np.random.Generator | None = None,
) -> tuple[int, int, int] | None:
    """Click into the largest connected area of error.

    Parameters
    ----------
    wanted, predicted : bool array of shape (H, W)
        The truth and the model's answer.
    rng : Generator, optional
        As for `first_click`.

    Returns
    -------
    (int, int, int) or None
        (row, column, label): label 1 where leakage is missing, 0 where there is too
        much; None where nothing is wrong.
    """
    error = wanted != predicted
    if not error.any():
        return None
    # areas of missing and of superfluous leakage may touch: they are kept apart
    areas = connected(np.where(error, 1 + wanted.astype(np.uint8), 0), connectivity=1)
    largest = areas == 1 + np.bincount(areas.ravel())[1:].argmax()
    row, column = first_click(largest, rng)
    return row, column, int(wanted[row, column])


def loose_box(
    lesion: NDArray[np.bool_],
    rng: np.random.Generator | None = None,
    looseness: float = 0.1,
) -> tuple[int, int, int, int]:
    """Draw a box around a lesion.

    Parameters
    ----------
    lesion : bool array of shape (H, W)
        Not empty.
    rng : Generator, optional
        Each side is moved at random; without it the box is tight.
    looseness : float
        Standard deviation of a side's error as a share of the box's size.

    Returns
    -------
    (int, int, int, int)
        First row, first column, last row, last column.
    """
    rows, columns = np.nonzero(lesion.any(1))[0], np.nonzero(lesion.any(0))[0]
    box = np.array([rows[0], columns[0], rows[-1], columns[-1]], float)
    if rng is not None:
        size = np.array([np.ptp(rows) + 1, np.ptp(columns) + 1] * 2)
        box += rng.normal(0, looseness, 4) * size
    last = np.array(lesion.shape * 2) - 1
    first_row, first_column, last_row, last_column = np.clip(np.rint(box), 0, last)
    return (
        int(min(first_row, last_row)),
        int(min(first_column, last_column)),
        int(max(first_row, last_row)),
        int(max(first_column, last_column)),
    )


def rough_mask(
    lesion: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Paint a lesion roughly: shifted a little, too small or too large, soft-edged.

    Parameters
    ----------
    lesion : bool array of shape (H, W)
        Not empty.
    rng : Generator
        How rough.

    Returns
    -------
    float32 array of shape (H, W)
        Logits between plus and minus `ROUGH_LOGIT`.
    """
    reach = max(1, int(0.3 * depth_inside(lesion).max()))
    painted = shift(
        lesion.astype(np.uint8), rng.integers(-reach, reach + 1, 2), order=0
    )
    rough = painted > 0
    change = int(rng.integers(-reach, reach + 1))
    if change > 0:
        rough = binary_dilation(rough, iterations=change)
    elif change < 0:
        smaller = binary_erosion(rough, iterations=-change)
        rough = smaller if smaller.any() else rough
    soft = gaussian_filter(rough.astype(np.float32), float(rng.uniform(0.5, 2.0)))
    return (ROUGH_LOGIT * (2 * soft - 1)).astype(np.float32)


def depth_inside(area: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel to the edge of the area or of the image, in pixels."""
    depth: NDArray[np.float64] = distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    return depth
