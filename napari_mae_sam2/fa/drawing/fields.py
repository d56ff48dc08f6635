"""Smooth random fields: what texture, uneven borders and flush are made of.

A field is cubic B-spline noise on a coarse lattice, written as two sparse matrix
products, so that a 512 x 512 field takes about a millisecond on one core and does not
depend on how many threads the linear algebra library likes to use.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@lru_cache(maxsize=256)
def _spline(length: int, cells: int) -> sparse.csr_array:
    """Weights (length, cells + 3) of uniform cubic B-splines at each pixel."""
    at = np.linspace(0, cells, length, endpoint=False) + 0.5 * cells / length
    first = np.minimum(np.floor(at).astype(int), cells - 1)
    u = at - first
    parts = (
        (1 - u) ** 3 / 6,
        (3 * u**3 - 6 * u**2 + 4) / 6,
        (-3 * u**3 + 3 * u**2 + 3 * u + 1) / 6,
        u**3 / 6,
    )
    weights = np.column_stack(parts).astype(np.float32)
    # White noise under a B-spline loses spread: bring it back to one.
    weights /= np.sqrt((weights**2).sum(1).mean())
    taps = first[:, None] + np.arange(4)
    starts = np.arange(length + 1) * 4
    return sparse.csr_array(
        (weights.ravel(), taps.ravel(), starts), shape=(length, cells + 3)
    )


def smooth_field(
    shape: tuple[int, int], cell: float, rng: np.random.Generator
) -> Floats:
    """Draw a smooth random field.

    Parameters
    ----------
    shape : tuple of int
        (H, W) in pixels.
    cell : float
        Lattice spacing in pixels: the size of its bumps.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray
        float32 (H, W) with mean 0 and standard deviation about 1.
    """
    height, width = shape
    rows = _spline(height, max(1, round(height / cell)))
    cols = _spline(width, max(1, round(width / cell)))
    noise = rng.standard_normal((rows.shape[1], cols.shape[1]), np.float32)
    wide = np.ascontiguousarray((cols @ noise.T).T)
    return np.asarray(rows @ wide, np.float32)


def fractal_field(
    shape: tuple[int, int],
    cell: float,
    rng: np.random.Generator,
    octaves: int = 3,
    gain: float = 0.5,
) -> Floats:
    """Sum of smooth fields, each with half the cell and `gain` times the height."""
    total = smooth_field(shape, cell, rng)
    weight, power = 1.0, 1.0
    for octave in range(1, octaves):
        finer = cell / 2**octave
        if finer < 1.5:
            break
        weight *= gain
        power += weight**2
        total += weight * smooth_field(shape, finer, rng)
    return np.asarray(total / np.sqrt(power), np.float32)


def ridged_field(
    shape: tuple[int, int], cell: float, rng: np.random.Generator
) -> Floats:
    """Bright branching filaments between dark gaps, in 0 to 1: a capillary net.

    The ridges are the zero lines of smooth fields; a warp by a finer one and a
    second, smaller net keep them from looking like contour lines.
    """
    coarse = np.abs(fractal_field(shape, cell, rng, octaves=2, gain=0.35))
    fine = np.abs(fractal_field(shape, cell / 2.2, rng, octaves=2, gain=0.4))
    net = 0.65 * np.exp(-3.0 * coarse) + 0.35 * np.exp(-2.5 * fine)
    return np.asarray(net, np.float32)


def enlarge(field: Floats, shape: tuple[int, int]) -> Floats:
    """Bilinear enlargement of a field to `shape`, (H, W) pixels, centres aligned."""

    def taps(few: int, many: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        at = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
        low = at.astype(np.intp)
        part = (at - low).astype(np.float32)
        return low, np.minimum(low + 1, few - 1), part

    low, high, part = taps(field.shape[0], shape[0])
    tall = field[low] * (1 - part[:, None]) + field[high] * part[:, None]
    low, high, part = taps(field.shape[1], shape[1])
    return np.asarray(tall[:, low] * (1 - part) + tall[:, high] * part, np.float32)
