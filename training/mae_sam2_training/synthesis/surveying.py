"""Find out where a real frame has its field, vessels, optic disc and fovea.

Done once per frame, at a side of 512 pixels, so that drawing into it is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold, sato
from skimage.morphology import skeletonize

from napari_mae_sam2.fa.drawing.fields import enlarge
from napari_mae_sam2.fa.drawing.scene import Scene, depth_of
from napari_mae_sam2.fa.field import field_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_SIDE = 512
_SECTORS = 5
_RADIAL = 0.86  # true discs of the development frames lie above, crossings below
_ALL_AROUND = np.ones((3, 3), bool)


def survey(frame: NDArray[np.uint8]) -> Scene:
    """Survey a frame before leakage is drawn into it.

    Parameters
    ----------
    frame : ndarray
        uint8 (H, W), any size; a circular field or a full picture.

    Returns
    -------
    Scene
        In the frame's own pixels. Takes about a third of a second at 512 x 512.
    """
    grey = np.asarray(frame, np.float32)
    field = field_mask(frame)
    step = max(1.0, max(grey.shape) / _SIDE)
    few = (round(grey.shape[0] / step), round(grey.shape[1] / step))
    if step > 1:
        small = ndimage.zoom(
            ndimage.gaussian_filter(grey, 0.4 * step),
            (few[0] / grey.shape[0], few[1] / grey.shape[1]),
            order=1,
            grid_mode=True,
            mode="nearest",
        )
        inside = enlarge(np.asarray(field, np.float32), few) > 0.5
    else:
        small, inside = grey, field
    filled = _fill_outside(small, inside)
    background = np.asarray(
        ndimage.gaussian_filter(ndimage.percentile_filter(filled[::2, ::2], 35, 11), 4),
        np.float32,
    )
    background = enlarge(background, few)
    ridges = _ridges(filled - background, inside)
    paths = _trace(ridges, inside)
    distance = np.full(few, 2.0 * _SIDE, np.float32)
    if paths:
        empty = np.ones(few, bool)
        for path in paths:
            empty[path[:, 0].astype(int), path[:, 1].astype(int)] = False
        distance = ndimage.distance_transform_edt(empty).astype(np.float32)
    disc = _find_disc(paths, filled, inside)
    fovea = _find_fovea(disc, background, ridges, inside)
    if step > 1:
        shape = (grey.shape[0], grey.shape[1])
        background, ridges = enlarge(background, shape), enlarge(ridges, shape)
        distance = enlarge(distance, shape) * np.float32(step)
        paths = tuple(np.asarray(path * step, np.float32) for path in paths)
        disc = disc and (disc[0] * step, disc[1] * step, disc[2] * step)
        fovea = fovea and (fovea[0] * step, fovea[1] * step)
    return Scene(
        grey=grey,
        field=field,
        background=np.minimum(background, grey),
        vesselness=ridges,
        distance=distance,
        paths=paths,
        disc=disc,
        fovea=fovea,
        depth=depth_of(field),
    )


def _fill_outside(grey: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Continue the field beyond its border, so that the border is no edge."""
    if inside.all() or not inside.any():
        return grey
    core = ndimage.binary_erosion(inside, iterations=3, border_value=1)
    if not core.any():
        return grey
    nearest = ndimage.distance_transform_edt(
        ~core, return_distances=False, return_indices=True
    )
    smooth = ndimage.gaussian_filter(grey, 6)
    return np.where(core, grey, smooth[tuple(nearest)]).astype(np.float32)


def _ridges(flat: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Bright lines of 1 to 4 pixels half width, scaled to 0..1."""
    lines = sato(flat, sigmas=(1.2, 2.0, 3.2), black_ridges=False)
    lines *= ndimage.binary_erosion(inside, iterations=4, border_value=1)
    top = float(np.percentile(lines[inside], 98.5)) if inside.any() else 0.0
    if top <= 0:
        return np.zeros(flat.shape, np.float32)
    return np.clip(lines / top, 0, 1).astype(np.float32)


def _trace(ridges: Floats, inside: NDArray[np.bool_]) -> tuple[Floats, ...]:
    """Centrelines of the clear vessels as ordered lists of points with radii."""
    if not inside.any():
        return ()
    mask = apply_hysteresis_threshold(ridges, 0.28, 0.75)
    parts, _ = ndimage.label(mask, _ALL_AROUND)
    mask &= np.bincount(parts.ravel())[parts] > 60
    radius = ndimage.distance_transform_edt(mask)
    lines = skeletonize(mask)
    around = ndimage.convolve(lines.astype(np.uint8), _ALL_AROUND.astype(np.uint8))
    # Cut at the crossings (over three neighbours) to get simple pieces.
    pieces, _ = ndimage.label(lines & (around <= 3), _ALL_AROUND)
    paths = []
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        points = np.argwhere(pieces[box] == number)
        if len(points) < 12:
            continue
        points = _in_order(points) + np.array([box[0].start, box[1].start])
        width = ndimage.uniform_filter1d(
            radius[points[:, 0], points[:, 1]], 9, mode="nearest"
        )
        paths.append(np.column_stack((points, width)).astype(np.float32))
    return tuple(paths)


def _in_order(points: NDArray[np.intp]) -> NDArray[np.intp]:
    """Walk an unbranched line from one of its ends."""
    left = {(int(r), int(c)) for r, c in points}
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]

    def neighbours(at: tuple[int, int]) -> list[tuple[int, int]]:
        near = [(at[0] + i, at[1] + j) for i, j in steps]
        return [n for n in near if n in left]

    ends = [p for p in sorted(left) if len(neighbours(p)) == 1]
    at = ends[0] if ends else min(left)
    walk = [at]
    left.discard(at)
    while near := neighbours(at):
        at = min(near, key=lambda n: abs(n[0] - at[0]) + abs(n[1] - at[1]))
        walk.append(at)
        left.discard(at)
    return np.array(walk)


def _find_disc(
    paths: tuple[Floats, ...], grey: Floats, inside: NDArray[np.bool_]
) -> tuple[float, float, float] | None:
    """Find the disc as the point from which the wide vessels start.

    Every stretch of vessel votes along its own direction; the disc is where most
    votes from all around meet. None where the vessels there do not run away from it,
    as in a frame of the periphery.
    """
    votes = np.zeros((_SECTORS, *grey.shape), np.float32)
    for path in paths:
        if len(path) < 14:
            continue
        middle, ends = path[7:-7:5], path[14::5] - path[: len(path) - 14 : 5]
        for (row, col, radius), (up, right, _) in zip(middle, ends, strict=False):
            length = np.hypot(up, right)
            if length == 0:
                continue
            sector = int(np.arctan2(up, right) % np.pi / np.pi * _SECTORS) % _SECTORS
            reach = np.arange(-110, 111, 2.0)
            rows = (row + reach * up / length).astype(int)
            cols = (col + reach * right / length).astype(int)
            seen = (rows >= 0) & (cols >= 0)
            seen &= (rows < grey.shape[0]) & (cols < grey.shape[1])
            weight = min(radius, 5.0) ** 2
            np.add.at(votes[sector], (rows[seen], cols[seen]), weight)
    votes = ndimage.gaussian_filter(votes, (0, 8, 8)) * inside
    # Meeting counts, not one wide vessel: the mean over sectors is geometric.
    meeting = np.exp(np.log(votes + 0.05 * votes.mean() + 1e-9).mean(0)) * inside
    row, col = np.unravel_index(int(meeting.argmax()), meeting.shape)
    # 30 to 55 degree fields: the disc is a twelfth to an eighth of the field wide.
    disc = float(row), float(col), 0.052 * max(grey.shape)
    return disc if _radial_share(paths, disc) > _RADIAL else None


def _radial_share(paths: tuple[Floats, ...], disc: tuple[float, float, float]) -> float:
    """How much of the vessels around a disc runs straight away from it, 0 to 1."""
    away, total = 0.0, 0.0
    for path in paths:
        step = path[8:, :2] - path[:-8, :2]
        arm = path[4:-4, :2] - np.array(disc[:2], np.float32)
        reach = np.hypot(*arm.T)
        near = (reach > disc[2]) & (reach < 3.5 * disc[2])
        weight = path[4:-4, 2][near] ** 2
        along = (step * arm).sum(1) / (np.hypot(*step.T) * reach + 1e-6)
        away += float((weight * along[near] ** 2).sum())
        total += float(weight.sum())
    # Noise has short thin lines only: too few of them prove nothing.
    return away / total if total > 500 else 0.0


def _find_fovea(
    disc: tuple[float, float, float] | None,
    background: Floats,
    ridges: Floats,
    inside: NDArray[np.bool_],
) -> tuple[float, float] | None:
    """Find the fovea: the dark, vessel-free spot some 2.5 disc widths from the disc."""
    if disc is None:
        return None
    row, col, radius = disc
    rows, cols = np.ogrid[: inside.shape[0], : inside.shape[1]]
    away = np.hypot(rows - row, cols - col)
    level = np.abs(rows - row) < 0.5 * np.abs(cols - col)
    zone = inside & level & (away > 3.6 * radius) & (away < 6.6 * radius)
    zone &= ndimage.binary_erosion(
        inside, iterations=round(1.2 * radius), border_value=0
    )
    if not zone.any():
        return None
    wide = ndimage.gaussian_filter(background, 2.5 * radius)
    dark = ndimage.gaussian_filter(background, 0.35 * radius) - wide
    busy = ndimage.gaussian_filter(ridges, 0.5 * radius)
    spread = float(dark[inside].std()) or 1.0
    score = np.where(zone, -dark / spread - 4 * busy, -np.inf)
    at = np.unravel_index(int(score.argmax()), score.shape)
    if dark[at] > -0.8 * spread:
        return None
    return float(at[0]), float(at[1])
