"""The model's answer on the coarse grid it was made on, and any part of it in pixels.

A click is answered on 256 x 256 points, whatever the frame's size. Bringing them to
the pixels of an ultra-widefield frame takes longer than answering, and nearly all
of those pixels are no leakage: so only what is asked for is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOWHERE = CloseUp(0, 0, 0, 0)
LOW_RES_SIDE = 256
"""Side of the square low-resolution logits that a next prompt may build on."""

_SURE = 8.0  # logit of a pixel that somebody called leakage

_MASKS_KEPT = 8  # of one answer: one for each candidate, and some of a slider

NO_LEAKAGE = -32.0
"""Logit of the pixels that the model was not asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The model's answer to one set of prompts.

    Attributes
    ----------
    grid : float32 array of shape (C, h, w)
        Logits of one to three candidates, the preferred one first, on points spread
        evenly over `area`; between them they are bilinear, as SAM 2 has it. Above 0
        is leakage.
    scores : float32 array of shape (C,)
        The IoU with the true lesion that the model expects of each candidate, 0 to 1.
    low_res : float32 array of shape (C, 256, 256)
        The same candidates as the model made them, to be given back as
        `Prompts.mask` on the same area.
    shape : (int, int)
        (H, W) of the frame; by default the grid has a point for every pixel.
    area : CloseUp
        What of the frame was looked at; all of it by default.
    """

    grid: NDArray[np.float32]
    scores: NDArray[np.float32]
    low_res: NDArray[np.float32]
    shape: tuple[int, int] = (0, 0)
    area: CloseUp = NOWHERE
    _masks: dict[tuple[int, float], PlacedMask] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Fill in the defaults."""
        if self.shape == (0, 0):
            object.__setattr__(self, "shape", self.grid.shape[1:])
        if self.area.is_empty:
            object.__setattr__(self, "area", CloseUp.whole(self.shape))

    @property
    def logits(self) -> NDArray[np.float32]:
        """All candidates in every pixel of the frame, (C, H, W); slow where large."""
        whole = np.full((len(self.grid), *self.shape), NO_LEAKAGE, np.float32)
        whole[(slice(None), *self.area.region)] = _interpolated(
            self.grid, self.area, self.area
        )
        return whole

    def logits_on(self, candidate: int, part: CloseUp) -> NDArray[np.float32]:
        """Return the logits of a candidate in the pixels of a part of the frame.

        Parameters
        ----------
        candidate : int
        part : CloseUp
            Of the frame; may reach beyond the area that was looked at.

        Returns
        -------
        float32 array of shape (h, w)
        """
        found = np.full(part.shape, NO_LEAKAGE, np.float32)
        both = part.meet(self.area)
        if not both.is_empty:
            inside = CloseUp(
                both.top - part.top,
                both.left - part.left,
                both.bottom - part.top,
                both.right - part.left,
            )
            found[inside.region] = _interpolated(self.grid[candidate], self.area, both)
        return found

    def mask(self, candidate: int = 0, threshold: float = 0.0) -> PlacedMask:
        """Return the pixels of a candidate whose logits are above a threshold.

        Takes time by the size of what it finds, not of the frame, and only when it is
        asked for the first time.
        """
        known = self._masks.get((candidate, threshold))
        if known is None:
            if len(self._masks) >= _MASKS_KEPT:
                self._masks.clear()
            known = self._mask(candidate, threshold)
            self._masks[candidate, threshold] = known
        return known

    def _mask(self, candidate: int, threshold: float) -> PlacedMask:
        grid = self.grid[candidate]
        above = grid > threshold
        rows = np.flatnonzero(above.any(axis=1))
        if not len(rows):
            return PlacedMask(self.area.top, self.area.left, np.zeros((0, 0), bool))
        columns = np.flatnonzero(above.any(axis=0))
        top, bottom = _reach(rows, len(grid), self.area.shape[0])
        left, right = _reach(columns, grid.shape[1], self.area.shape[1])
        part = CloseUp(
            self.area.top + top,
            self.area.left + left,
            self.area.top + bottom,
            self.area.left + right,
        )
        found = _interpolated(grid, self.area, part) > threshold
        return PlacedMask(part.top, part.left, found).trimmed()

    def placed(self, area: CloseUp, shape: tuple[int, int]) -> Prediction:
        """Return the answer to a part of a frame as one for the frame."""
        return replace(self, area=area, shape=shape)


def prediction_of(
    mask: PlacedMask, area: CloseUp, shape: tuple[int, int]
) -> Prediction:
    """Say of a mask that is there already what a model would say that found it.

    Parameters
    ----------
    mask : PlacedMask
        Not empty.
    area : CloseUp
        What of the frame the model will be asked about next.
    shape : (int, int)
        (H, W) of the frame.

    Returns
    -------
    Prediction
        One candidate with exactly these pixels.
    """
    rows, columns = mask.region
    bounds = CloseUp(rows.start, columns.start, rows.stop, columns.stop)
    # How much of every point of the prompt the mask covers.
    down = _overlap(bounds.top - area.top, bounds.shape[0], area.shape[0])
    across = _overlap(bounds.left - area.left, bounds.shape[1], area.shape[1])
    covered = (across @ (down @ mask.mask.astype(np.float32)).T).T
    low_res = (2 * covered - 1) * _SURE
    return Prediction(
        grid=np.where(mask.mask, _SURE, -_SURE).astype(np.float32)[None],
        scores=np.ones(1, np.float32),
        low_res=low_res.astype(np.float32)[None],
        shape=shape,
        area=bounds,
    )


def _overlap(start: int, length: int, pixels: int) -> csr_array:
    """Return the share of each of 256 stretches that each of `length` pixels takes.

    Nearly all of them are 0: as a sparse array it is multiplied in no time.
    """
    scale = LOW_RES_SIDE / pixels
    first = np.arange(start, start + length) * scale
    points = np.arange(LOW_RES_SIDE)[:, None]
    shared = np.minimum(points + 1, first + scale) - np.maximum(points, first)
    return csr_array(np.clip(shared, 0, None).astype(np.float32))


def sample(
    grid: NDArray[np.float32], rows: NDArray[np.floating], columns: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Interpolate a grid bilinearly.

    Parameters
    ----------
    grid : float32 array of shape (..., h, w)
    rows, columns : float arrays of shapes (R,) and (C,)
        Where, in points of the grid; beyond its edge the edge goes on.

    Returns
    -------
    float32 array of shape (..., R, C)
    """
    first, second, share = _neighbours(rows, grid.shape[-2])
    between = grid[..., first, :] * (1 - share)[:, None]
    between += grid[..., second, :] * share[:, None]
    first, second, share = _neighbours(columns, grid.shape[-1])
    found: NDArray[np.float32] = between[..., first] * (1 - share)
    found += between[..., second] * share
    return found


def grid_places(
    start: int, stop: int, origin: int, pixels: int, points: int
) -> NDArray[np.float64]:
    """Return where pixels lie on a grid of so many points along one axis.

    Parameters
    ----------
    start, stop : int
        First and last-but-one pixel of the frame.
    origin, pixels : int
        First pixel and number of pixels that the grid is spread over.
    points : int
        Of the grid.
    """
    places = np.arange(start - origin, stop - origin, dtype=np.float64) + 0.5
    return places * (points / pixels) - 0.5


def _interpolated(
    grid: NDArray[np.float32], area: CloseUp, part: CloseUp
) -> NDArray[np.float32]:
    """Return a grid over `area` in the pixels of `part`, which lies in it."""
    (height, width), (h, w) = area.shape, grid.shape[-2:]
    rows = grid_places(part.top, part.bottom, area.top, height, h)
    columns = grid_places(part.left, part.right, area.left, width, w)
    return sample(grid, rows, columns)


def _neighbours(
    places: NDArray[np.floating], points: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return the points before and after each place, and how near the second is."""
    inside = np.clip(places, 0, points - 1)
    first = inside.astype(np.intp)
    share = (inside - first).astype(np.float32)
    return first, np.minimum(first + 1, points - 1), share


def _reach(hits: NDArray[np.intp], points: int, pixels: int) -> tuple[int, int]:
    """Return the pixels that the points from the first hit to the last touch."""
    scale = pixels / points
    start = int(np.floor((hits[0] - 0.5) * scale - 0.5))
    stop = int(np.ceil((hits[-1] + 1.5) * scale - 0.5)) + 1
    return max(start, 0), min(stop, pixels)
