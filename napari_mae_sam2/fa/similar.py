"""Which pixels under a brush are like those where the stroke began.

Values are on the scale of 8-bit grey, 0 to 255, whatever they are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.pixels import LUMA, STRETCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Window = tuple[slice, slice]
    Values = Callable[[Window], NDArray[np.float32]]
    """Gives the values in a rectangle of the frame."""

_GRAIN = 1.0
"""Pixels over which brightness is averaged, so that grain makes no pepper."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What counts as like the start of a stroke.

    Attributes
    ----------
    seed : float
        The value there, 0 to 255.
    tolerance : float
        By how much a pixel may differ.
    or_more : bool
        True where a higher value is never unlike, as with a probability.
    """

    seed: float
    tolerance: float
    or_more: bool = False

    def holds(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tell which values are alike, as a bool array of the same shape."""
        alike: NDArray[np.bool_] = values >= self.seed - self.tolerance
        return alike if self.or_more else alike & (values <= self.seed + self.tolerance)


def brightness(pixels: NDArray[Any]) -> Values:
    """Look at a frame's brightness, a rectangle at a time.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        The frame. More than 8 bits are stretched as they are for the model, by
        percentiles of every fourth pixel each way.
    """
    low, high = 0.0, 255.0
    if pixels.dtype != np.uint8:
        low, high = (float(p) for p in np.percentile(pixels[::4, ::4], STRETCH))
    scale = 255.0 / max(high - low, 1e-6)

    def values(window: Window) -> NDArray[np.float32]:
        inner, outer = _with_margin(window, 4, pixels.shape)
        part = pixels[outer].astype(np.float32)
        grey = part @ LUMA if part.ndim == 3 else part
        even = ndimage.gaussian_filter((grey - low) * scale, _GRAIN, mode="nearest")
        return np.asarray(even[inner], dtype=np.float32)

    return values


def seed_value(
    values: Values, place: tuple[float, float], radius: float, shape: tuple[int, int]
) -> float:
    """Find the value that a stroke begins on.

    Parameters
    ----------
    values : callable
        Gives the values of a rectangle.
    place : (float, float)
        (row, column), inside the frame.
    radius : float
        Of the brush, in pixels; the median of its inner quarter is taken.
    shape : (int, int)
        (H, W) of the frame.
    """
    window, disc = disc_at(place, max(radius / 4, 1.0), shape)
    return float(np.median(values(window)[disc]))


def alike_under_brush(
    values: Values,
    likeness: Likeness,
    place: tuple[float, float],
    radius: float,
    so_far: NDArray[np.bool_],
) -> tuple[Window, NDArray[np.bool_]]:
    """Find what one dab of the brush paints.

    Parameters
    ----------
    values : callable
        Gives the values of a rectangle.
    likeness : Likeness
        What to paint.
    place : (float, float)
        Centre of the brush as (row, column).
    radius : float
        In pixels.
    so_far : bool array of shape (H, W)
        What the stroke painted: a dab goes on from there or from its own centre, and
        does not leap over what is unlike.

    Returns
    -------
    window : tuple of slice
        A rectangle of the frame; empty where the brush lies beside it.
    dab : bool array of the window's shape
    """
    window, disc = disc_at(place, radius, so_far.shape)
    if not disc.size:
        return window, disc
    alike = disc & likeness.holds(values(window))
    pieces, count = ndimage.label(alike, structure=np.ones((3, 3)))
    keep = np.zeros(count + 1, bool)
    keep[pieces[so_far[window]]] = True
    row, column = round(place[0]) - window[0].start, round(place[1]) - window[1].start
    if 0 <= row < pieces.shape[0] and 0 <= column < pieces.shape[1]:
        keep[pieces[row, column]] = True
    keep[0] = False
    return window, keep[pieces]


def disc_at(
    place: tuple[float, float], radius: float, shape: tuple[int, ...]
) -> tuple[Window, NDArray[np.bool_]]:
    """Draw a disc as far as the frame goes.

    Parameters
    ----------
    place : (float, float)
        Its centre as (row, column).
    radius : float
        In pixels.
    shape : (int, int)
        (H, W) of the frame.

    Returns
    -------
    window : tuple of slice
        The rectangle of the frame that holds it.
    disc : bool array of the window's shape
    """
    sides = [
        np.arange(
            min(max(int(np.ceil(middle - radius)), 0), length),
            max(min(int(np.floor(middle + radius)) + 1, length), 0),
        )
        for middle, length in zip(place, shape, strict=True)
    ]
    rows, columns = sides
    disc = np.hypot(rows[:, None] - place[0], columns[None] - place[1]) <= radius
    window = (
        slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0),
        slice(int(columns[0]), int(columns[-1]) + 1) if len(columns) else slice(0, 0),
    )
    return window, disc


def _with_margin(
    window: Window, margin: int, shape: tuple[int, ...]
) -> tuple[Window, Window]:
    """Return a window widened within the frame, and where the old one lies in it."""
    inner, outer = [], []
    for side, length in zip(window, shape[:2], strict=True):
        start = max(side.start - margin, 0)
        outer.append(slice(start, min(side.stop + margin, length)))
        inner.append(slice(side.start - start, side.stop - start))
    return (inner[0], inner[1]), (outer[0], outer[1])
