"""The picture of a vessel tree: columns of dye of the right width and brightness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.vessels import STEP, Branch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """How disc diameters become pixels of one picture.

    Attributes
    ----------
    shape : tuple of int
        (H, W) in pixels.
    row, col : float
        The middle of the disc in pixels.
    scale : float
        Pixels per disc diameter.
    temporal : int
        +1 where the temporal side is on the right, -1 on the left.
    """

    shape: tuple[int, int]
    row: float
    col: float
    scale: float
    temporal: int

    def pixels(self, points: Floats) -> Floats:
        """Turn (N, 2) x, y in disc diameters into (N, 2) rows and columns."""
        rows = self.row + self.scale * points[:, 1]
        cols = self.col + self.temporal * self.scale * points[:, 0]
        return np.column_stack((rows, cols)).astype(np.float32)


def paint_tree(
    branches: list[Branch], canvas: Canvas, arteries: float = 1.0, veins: float = 1.0
) -> tuple[Floats, Floats, Floats]:
    """Paint vessels as columns of dye.

    Parameters
    ----------
    branches : list of Branch
        What `grow_tree` returned.
    canvas : Canvas
        Where they go.
    arteries, veins : float
        How well each is filled, 0 to 1.

    Returns
    -------
    dye : ndarray
        float32 (H, W), 0 to about 1: thickness of the column of dye.
    calibre : ndarray
        float32 (H, W), pixels: positive inside a vessel, its depth below the wall.
    distance : ndarray
        float32 (H, W), pixels: distance to the nearest vessel wider than a capillary.
    """
    dye = np.zeros(canvas.shape, np.float32)
    calibre = np.full(canvas.shape, -np.inf, np.float32)
    distance = np.full(canvas.shape, np.inf, np.float32)
    wide = 1.2 / canvas.scale
    # Each class is painted alone: a thin branch must not cut into its wide parent.
    for artery, filled in ((True, arteries), (False, veins)):
        for low, high in ((wide, 0.03), (0.03, math.inf)):
            found = _class_of(branches, canvas, artery, low, high)
            if found is None:
                continue
            seeds, radius = found
            away, nearest = ndimage.distance_transform_edt(~seeds, return_indices=True)
            reach = radius[tuple(nearest)]
            below = (reach - away).astype(np.float32)
            column = np.sqrt(np.clip(1 - (away / (reach + 0.6)) ** 2, 0, 1))
            # Wide vessels hold more dye than thin ones, but not in proportion.
            height = np.clip(reach / (0.05 * canvas.scale), 0, 1.2) ** 0.45
            dye = np.maximum(dye, filled * height * column).astype(np.float32)
            calibre = np.maximum(calibre, below)
            distance = np.minimum(distance, away.astype(np.float32))
        thin = _splat(branches, canvas, artery, wide)
        dye = np.maximum(dye, filled * thin)
    return dye, calibre, distance


def _dense(branch: Branch, canvas: Canvas) -> tuple[Floats, Floats]:
    """Sample a branch less than a pixel apart: points and radii in pixels."""
    points = canvas.pixels(branch.points)
    many = max(2, int(len(points) * STEP * canvas.scale * 1.6))
    at = np.linspace(0, len(points) - 1, many)
    steps = np.arange(len(points))
    fine = np.column_stack([np.interp(at, steps, points[:, k]) for k in (0, 1)])
    radii = np.interp(at, steps, branch.radii) * canvas.scale
    inside = (fine >= 0).all(1) & (fine < np.array(canvas.shape) - 1).all(1)
    return fine[inside].astype(np.float32), radii[inside].astype(np.float32)


def _class_of(
    branches: list[Branch], canvas: Canvas, artery: bool, low: float, high: float
) -> tuple[NDArray[np.bool_], Floats] | None:
    """Centre pixels and radii of one sort of vessel of radius `low` to `high`."""
    seeds = np.zeros(canvas.shape, bool)
    radius = np.zeros(canvas.shape, np.float32)
    for branch in branches:
        if branch.artery != artery or not low <= branch.radii[0] < high:
            continue
        points, radii = _dense(branch, canvas)
        at = tuple(np.rint(points).astype(int).T)
        seeds[at] = True
        radius[at] = np.maximum(radius[at], radii)
    return (seeds, radius) if seeds.any() else None


def _splat(branches: list[Branch], canvas: Canvas, artery: bool, wide: float) -> Floats:
    """Vessels about a pixel wide, spread over the pixels they touch."""
    thin = np.zeros(canvas.shape, np.float32)
    for branch in branches:
        if branch.artery != artery or branch.radii[0] >= wide:
            continue
        points, radii = _dense(branch, canvas)
        low = points.astype(int)
        part = points - low
        for i in (0, 1):
            for j in (0, 1):
                share = np.abs(1 - i - part[:, 0]) * np.abs(1 - j - part[:, 1])
                np.add.at(thin, (low[:, 0] + i, low[:, 1] + j), share * radii**0.75)
    return np.asarray(np.minimum(0.58 * ndimage.gaussian_filter(thin, 0.6), 0.6))
