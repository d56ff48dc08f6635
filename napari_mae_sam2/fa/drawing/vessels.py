"""A retinal vessel tree, grown from the disc, and its picture.

Lengths are in disc diameters until the tree is painted; the origin is the middle of
the disc, x runs to the temporal side and y downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Point = tuple[float, float]

_STEP = 0.045
_THINNEST = 0.006  # radius; below it a vessel is lost in the capillary bed
_FAZ = 0.24  # radius of the foveal avascular zone
_CELL = 0.085  # two vessels of a kind do not share a cell of this size


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One vessel from its origin to its end.

    Attributes
    ----------
    points : ndarray
        float32 (N, 2): x, y in disc diameters.
    radii : ndarray
        float32 (N,): half widths in disc diameters, tapering.
    artery : bool
        Arteries are thinner than veins and fill first.
    """

    points: Floats
    radii: Floats
    artery: bool


@dataclass(slots=True)
class _Sprout:
    """A vessel about to grow: where from, where to, and how wide."""

    at: Point
    heading: float
    radius: float
    order: int
    artery: bool
    goal: str  # arcade, nasal, inward or outward
    side: int  # -1 above the fovea, +1 below
    spread: float  # the arcade's distance from the fovea


class _Garden:
    """Grows all vessels of one eye; keeps who has taken which place."""

    def __init__(self, rng: np.random.Generator, fovea: Point, reach: float) -> None:
        self.rng = rng
        self.fovea = fovea
        self.reach = reach
        self.taken: dict[tuple[bool, int, int], int] = {}
        self.branches: list[Branch] = []

    def plant(self) -> None:
        """Start the four arcades, the nasal vessels and the small macular ones."""
        rng = self.rng
        queue: list[_Sprout] = []
        for artery in (True, False):
            width = 0.046 if artery else 0.062
            for side in (-1, 1):
                spread = rng.uniform(2.0, 2.45) + (0.0 if artery else 0.22)
                tilt = side * rng.uniform(1.15, 1.45)
                radius = width * rng.uniform(0.9, 1.1)
                root = (0.03 * math.cos(tilt), 0.06 * math.sin(tilt))
                queue.append(
                    _Sprout(root, tilt, radius, 0, artery, "arcade", side, spread)
                )
                tilt = side * rng.uniform(1.9, 2.6)
                queue.append(
                    _Sprout(
                        (0.03 * math.cos(tilt), 0.05 * math.sin(tilt)),
                        tilt,
                        0.72 * radius,
                        0,
                        artery,
                        "nasal",
                        side,
                        0.0,
                    )
                )
            for _ in range(int(rng.integers(2, 4))):
                tilt = math.pi + rng.normal(0, 0.35)
                queue.append(
                    _Sprout(
                        (-0.05, 0.1 * math.sin(tilt)),
                        tilt,
                        width * rng.uniform(0.3, 0.5),
                        1,
                        artery,
                        "nasal",
                        1,
                        0.0,
                    )
                )
            for _ in range(int(rng.integers(2, 4))):
                tilt = rng.uniform(-0.75, 0.75)
                queue.append(
                    _Sprout(
                        (0.05, 0.2 * math.sin(tilt)),
                        tilt,
                        width * rng.uniform(0.22, 0.34),
                        1,
                        artery,
                        "inward",
                        1 if tilt > 0 else -1,
                        0.0,
                    )
                )
        # Wide vessels first: the small ones find their place between them.
        order = 0
        while queue:
            level = [s for s in queue if s.order <= order]
            queue = [s for s in queue if s.order > order]
            for sprout in level:
                queue += self.grow(sprout)
            order += 1

    def grow(self, sprout: _Sprout) -> list[_Sprout]:
        """Grow one vessel to its end; return the branches it gave off."""
        rng = self.rng
        x, y = sprout.at
        heading, radius = sprout.heading, sprout.radius
        number = len(self.branches) + 1
        sway = 0.0
        sways = (4.5 if sprout.artery else 6.0) * (1 + 0.8 * sprout.order)
        wobble = rng.standard_normal(400) * sways
        longest = (400, 80, 40, 22, 12)[min(sprout.order, 4)]
        longest = int(longest * rng.uniform(0.6, 1.15))
        until_branch = rng.uniform(0.2, 0.7)
        hand = 1 if rng.random() < 0.5 else -1
        xs, ys, rs = [x], [y], [radius]
        nearest = math.inf
        young: list[_Sprout] = []
        for step in range(min(longest, 399)):
            aim, pull = self._aim(sprout, x, y)
            turn = (aim - heading + math.pi) % (2 * math.pi) - math.pi
            sway += (-2.2 * sway + wobble[step]) * _STEP
            heading += (pull * turn + sway) * _STEP
            x += _STEP * math.cos(heading)
            y += _STEP * math.sin(heading)
            radius *= 1 - (0.045 + 0.05 * sprout.order) * _STEP
            if self._ends(sprout, x, y, step, number):
                break
            away = math.hypot(x - self.fovea[0], y - self.fovea[1])
            if sprout.goal == "inward" and step > 12 and away > nearest + 0.2:
                break  # it would circle the fovea
            nearest = min(nearest, away)
            xs.append(x)
            ys.append(y)
            rs.append(radius)
            until_branch -= _STEP
            if until_branch > 0 or sprout.order >= 4:
                continue
            until_branch = rng.uniform(0.07, 0.36)
            hand = -hand if rng.random() < 0.75 else hand
            child = radius * (0.25 + 0.48 * rng.random() ** 1.3)
            # Murray's law: what the branch takes is missing downstream.
            radius *= (1 - 0.75 * (child / radius) ** 3) ** (1 / 3)
            if child < _THINNEST:
                continue
            angle = heading + hand * rng.uniform(0.6, 1.2)
            goal = self._goal(x, y, angle)
            if goal == "inward":
                if rng.random() < 0.3:
                    continue  # the macula is sparsely supplied
                angle += hand * 0.3
            young.append(
                _Sprout(
                    (x, y),
                    angle,
                    child,
                    sprout.order + 1,
                    sprout.artery,
                    goal,
                    sprout.side,
                    sprout.spread,
                )
            )
        if len(xs) >= 4:
            for px, py in zip(xs, ys, strict=True):
                self.taken.setdefault(self._cell(sprout.artery, px, py), number)
            # The last stretch thins out into the capillaries.
            fading = np.clip(np.arange(len(rs), 0, -1) / min(8, len(rs)), 0.25, 1)
            self.branches.append(
                Branch(
                    np.column_stack((xs, ys)).astype(np.float32),
                    (np.array(rs) * fading).astype(np.float32),
                    sprout.artery,
                )
            )
            return young
        return []

    def _aim(self, sprout: _Sprout, x: float, y: float) -> tuple[float, float]:
        """Direction that a vessel wants to take here, and how strongly."""
        fx, fy = self.fovea
        dx, dy = x - fx, y - fy
        if sprout.goal == "arcade":
            away = math.hypot(dx, dy)
            # Past the fovea the arcades open towards the periphery.
            wanted = sprout.spread + 0.62 * max(0.0, dx)
            tangent = math.atan2(-sprout.side * dx, sprout.side * dy)
            lean = math.tanh(1.3 * (wanted - away))
            return self._mix(tangent, math.atan2(dy, dx), lean), 2.4
        if sprout.goal == "inward":
            return math.atan2(-dy, -dx), 1.5
        if sprout.goal == "nasal":
            out = math.atan2(y, x)
            return out, 0.8
        return math.atan2(dy, dx), 0.8

    @staticmethod
    def _mix(along: float, outward: float, lean: float) -> float:
        """Direction of an arc that leans outwards (positive) or inwards."""
        return math.atan2(
            math.sin(along) + lean * math.sin(outward),
            math.cos(along) + lean * math.cos(outward),
        )

    def _goal(self, x: float, y: float, heading: float) -> str:
        """Side branches inside the arcades run to the fovea, the others outwards."""
        fx, fy = self.fovea
        if x < 0.2:
            return "nasal"
        towards = math.cos(heading - math.atan2(fy - y, fx - x))
        return "inward" if towards > 0.1 else "outward"

    def _ends(
        self, sprout: _Sprout, x: float, y: float, step: int, number: int
    ) -> bool:
        fx, fy = self.fovea
        if math.hypot(x - fx, y - fy) < _FAZ * (1 + 0.25 * math.sin(7 * x + 5 * y)):
            return True
        if math.hypot(x - 0.55 * fx, y) > self.reach:
            return True
        if sprout.order == 0 or step < 4:
            return False
        owner = self.taken.get(self._cell(sprout.artery, x, y), number)
        if owner != number:
            return True
        # Small vessels do not run into anything at all.
        return sprout.order > 1 and self._cell(not sprout.artery, x, y) in self.taken

    @staticmethod
    def _cell(artery: bool, x: float, y: float) -> tuple[bool, int, int]:
        return artery, round(x / _CELL), round(y / _CELL)


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


def grow_tree(
    rng: np.random.Generator, fovea: tuple[float, float], reach: float
) -> list[Branch]:
    """Grow all vessels of an eye.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every choice.
    fovea : tuple of float
        (x, y) of the fovea in disc diameters from the disc.
    reach : float
        Where vessels leave the picture, in disc diameters from its middle.

    Returns
    -------
    list of Branch
        Wide vessels first.
    """
    garden = _Garden(rng, fovea, reach)
    garden.plant()
    return garden.branches


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
    many = max(2, int(len(points) * _STEP * canvas.scale * 1.6))
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
