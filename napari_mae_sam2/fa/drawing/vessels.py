"""A retinal vessel tree, grown from the disc; `dye` makes its picture.

Lengths are in disc diameters; the origin is the middle of the disc, x runs to the
temporal side and y downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Point = tuple[float, float]

STEP = 0.045
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
            sway += (-2.2 * sway + wobble[step]) * STEP
            heading += (pull * turn + sway) * STEP
            x += STEP * math.cos(heading)
            y += STEP * math.sin(heading)
            radius *= 1 - (0.045 + 0.05 * sprout.order) * STEP
            if self._ends(sprout, x, y, step, number):
                break
            away = math.hypot(x - self.fovea[0], y - self.fovea[1])
            if sprout.goal == "inward" and step > 12 and away > nearest + 0.2:
                break  # it would circle the fovea
            nearest = min(nearest, away)
            xs.append(x)
            ys.append(y)
            rs.append(radius)
            until_branch -= STEP
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
