"""The five kinds of leakage, each as an outline and as light to add to a frame.

Every function draws one leak into a `Scene` and returns a `Leak`, or None where the
frame has no place for it. Lengths are given for a frame 512 pixels wide and grow with
the frame. What a leak's exact mask is stands in `compose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.fields import (
    enlarge,
    fractal_field,
    ridged_field,
    smooth_field,
)
from napari_mae_sam2.fa.drawing.leak import (
    Leak,
    blob,
    dome,
    finish,
    grain,
    offsets,
    pick_path,
    pick_place,
    size_of,
    soften,
    wide_edge,
    window_around,
)
from napari_mae_sam2.fa.drawing.scene import (
    CAPILLARY,
    DISC,
    MACULAR,
    NEOVASCULAR,
    PERIVASCULAR,
    Scene,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def perivascular(
    scene: Scene,
    rng: np.random.Generator,
    contrast: float,
    edge: float,
    near: tuple[float, float, float] | None = None,
) -> Leak | None:
    """Cuffs of uneven width along a vessel, or along all vessels of one area.

    Parameters
    ----------
    scene : Scene
        The surveyed frame.
    rng : numpy.random.Generator
        Source of every choice.
    contrast : float
        Mean height in grey levels of 255.
    edge : float
        Softness of the border in pixels of a 512-pixel frame.
    near : tuple of float, optional
        (row, column, radius) in pixels to stay within; anywhere by default.
    """
    path = pick_path(scene, rng, near)
    if path is None:
        return None
    unit = scene.unit
    if rng.random() < 0.45:
        return _sheathed_area(scene, rng, contrast, edge, path)
    wanted = int(np.clip(rng.lognormal(4.3, 0.7), 18, 330) * unit)
    start = int(rng.integers(0, max(1, len(path) - wanted // 2)))
    piece = path[start : start + wanted]
    width = float(np.clip(rng.lognormal(2.0, 0.5), 3, 26)) * unit
    middle = (piece[:, :2].min(0) + piece[:, :2].max(0)) / 2
    reach = float(np.ptp(piece[:, :2], axis=0).max()) / 2 + 3 * width
    reach += 3 * edge * unit + float(piece[:, 2].max()) + 4
    window = window_around(scene, middle[0], middle[1], reach)
    shape = size_of(window)
    # A long cuff is a smooth thing: measure its distances at half the resolution.
    stride = 2 if max(shape) > 140 else 1
    few = (-(-shape[0] // stride), -(-shape[1] // stride))
    away = np.ones(few, bool)
    rows = (piece[:, 0] - window[0].start).astype(int) // stride
    cols = (piece[:, 1] - window[1].start).astype(int) // stride
    seen = (rows >= 0) & (cols >= 0) & (rows < few[0]) & (cols < few[1])
    if not seen.any():
        return None
    away[rows[seen], cols[seen]] = False
    distance = ndimage.distance_transform_edt(away).astype(np.float32) * stride
    if stride > 1:
        distance = enlarge(distance, shape)
    wall = float(np.median(piece[:, 2]))
    uneven = fractal_field(shape, rng.uniform(14, 45) * unit, rng, octaves=3)
    uneven = np.clip(uneven, -2, 2)
    signed = wall + width * (0.75 + rng.uniform(0.15, 0.6) * uneven) - distance
    outline = soften(signed, max(edge, 0.25 * width / unit) * unit)
    texture = grain(shape, rng, rng.uniform(0.08, 0.3))
    # Dye is densest at the wall and thins outwards.
    texture *= 0.55 + 0.9 * np.exp(-distance / (wall + width))
    return finish(PERIVASCULAR, window, outline, texture, contrast)


def _sheathed_area(
    scene: Scene,
    rng: np.random.Generator,
    contrast: float,
    edge: float,
    path: Floats,
) -> Leak:
    """All vessels of an area leak at once, as in a diffuse vasculitis."""
    unit = scene.unit
    row, col, _ = path[int(rng.integers(0, len(path)))]
    radius = float(np.clip(rng.lognormal(4.1, 0.45), 22, 150)) * unit
    window = window_around(scene, row, col, 2 * radius + 3 * edge * unit)
    shape = size_of(window)
    area = blob(scene, window, row, col, radius, rng, ragged=0.6)
    width = float(np.clip(rng.lognormal(2.15, 0.4), 4, 20)) * unit
    uneven = fractal_field(shape, rng.uniform(16, 40) * unit, rng)
    distance = scene.distance[window]
    signed = width * (1 + 0.5 * uneven) - distance
    outline = soften(signed, max(edge, 0.25 * width / unit) * unit)
    # Along the vessels the leakage dies away slowly.
    outline *= soften(area, min(0.22 * radius, 15 * unit))
    texture = grain(shape, rng, rng.uniform(0.1, 0.3)) * dome(area, radius / 2, rng)
    texture *= 0.6 + 0.8 * np.exp(-distance / width)
    return finish(PERIVASCULAR, window, outline, texture, contrast)


def capillary(
    scene: Scene,
    rng: np.random.Generator,
    contrast: float,
    edge: float,
    near: tuple[float, float, float] | None = None,
    radius: float | None = None,
) -> Leak | None:
    """Diffuse leakage of the capillary bed, often fern-like, in a ragged area.

    Parameters are those of `perivascular`; `radius` (pixels of a 512-pixel frame)
    is drawn between 7 and 160 by default.
    """
    place = pick_place(scene, rng, near)
    if place is None:
        return None
    unit = scene.unit
    row, col = place
    if radius is None:
        radius = float(np.clip(rng.lognormal(3.7, 0.7), 7, 160))
    radius *= unit
    window = window_around(scene, row, col, 1.9 * radius + 3 * edge * unit)
    shape = size_of(window)
    signed = blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.3, 0.9))
    # Leakage clings to the vessels that feed it.
    cling = min(rng.uniform(0, 0.45) * radius, 16 * unit)
    signed += cling * (np.exp(-scene.distance[window] / (9 * unit)) - 0.35)
    outline = soften(signed, wide_edge(edge, radius / unit, rng) * unit)
    texture = grain(shape, rng, rng.uniform(0.1, 0.3)) * dome(signed, radius / 2, rng)
    fern = rng.uniform(0, 1) ** 0.7
    net = ridged_field(shape, rng.uniform(9, 22) * unit, rng)
    net = net + 0.8 * np.minimum(2.5 * scene.vesselness[window], 1)
    texture *= (1 - 0.75 * fern) + 1.5 * fern * net
    # A dense core: the height swells slowly over the area.
    texture *= np.clip(1 + 0.3 * smooth_field(shape, 0.7 * radius + 4, rng), 0.5, 1.6)
    return finish(CAPILLARY, window, outline, texture, contrast)


def scattered(
    scene: Scene, rng: np.random.Generator, contrast: float, edge: float
) -> Leak:
    """Many islands of capillary leakage over the whole field, denser near vessels."""
    unit = scene.unit
    shape = scene.grey.shape
    window = (slice(0, shape[0]), slice(0, shape[1]))
    cell = rng.uniform(18, 60) * unit
    islands = fractal_field((shape[0], shape[1]), cell, rng, octaves=3, gain=0.4)
    likely = 0.8 * smooth_field((shape[0], shape[1]), rng.uniform(110, 220) * unit, rng)
    likely += rng.uniform(0.3, 1.2) * np.exp(-scene.distance / (11 * unit))
    share = float(np.clip(rng.lognormal(-2.9, 0.8), 0.008, 0.25))
    total = islands + likely
    level = float(np.quantile(total[::4, ::4][scene.field[::4, ::4]], 1 - share))
    signed = (total - level) * (0.6 * cell)
    outline = soften(signed, wide_edge(edge, cell / unit, rng) * unit)
    texture = grain((shape[0], shape[1]), rng, rng.uniform(0.1, 0.3))
    texture *= dome(signed, 0.4 * cell, rng)
    fern = rng.uniform(0, 0.8)
    net = ridged_field((shape[0], shape[1]), rng.uniform(9, 20) * unit, rng)
    texture *= (1 - 0.7 * fern) + 1.6 * fern * net
    return finish(CAPILLARY, window, outline, texture, contrast)


def disc(
    scene: Scene, rng: np.random.Generator, contrast: float, edge: float
) -> Leak | None:
    """Haze over and around the optic disc; None where the disc is not in the frame."""
    if scene.disc is None:
        return None
    row, col, size = scene.disc
    radius = size * float(rng.uniform(0.9, 2.0))
    window = window_around(
        scene, row, col, 1.9 * radius + 6 * scene.unit + 3 * edge * scene.unit
    )
    shape = size_of(window)
    signed = blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.1, 0.45))
    outline = soften(
        signed, wide_edge(max(edge, 2), radius / scene.unit, rng) * scene.unit
    )
    rows, cols = offsets(window, row, col)
    fall = np.exp(-np.hypot(rows, cols) / (1.2 * radius))
    texture = grain(shape, rng, rng.uniform(0.06, 0.2)) * (0.5 + fall)
    return finish(DISC, window, outline, texture, contrast)


def macular(
    scene: Scene, rng: np.random.Generator, contrast: float, edge: float
) -> Leak | None:
    """Macular oedema, petals around the fovea or a diffuse haze; None without fovea."""
    if scene.fovea is None:
        return None
    unit = scene.unit
    row, col = scene.fovea
    row += float(rng.normal(0, 3 * unit))
    col += float(rng.normal(0, 3 * unit))
    radius = float(np.clip(rng.lognormal(3.4, 0.35), 14, 75)) * unit
    window = window_around(scene, row, col, 1.9 * radius + 3 * edge * unit)
    shape = size_of(window)
    signed = blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.15, 0.5))
    outline = soften(signed, wide_edge(edge, radius / unit, rng) * unit)
    texture = grain(shape, rng, rng.uniform(0.06, 0.2)) * dome(signed, radius / 2, rng)
    if rng.random() < 0.6:
        rows, cols = offsets(window, row, col)
        away = np.hypot(rows, cols) / radius
        warp = 0.3 * smooth_field(shape, radius, rng)
        warp += 0.25 * smooth_field(shape, radius / 3, rng)
        turn = np.arctan2(rows, cols) + warp
        petals = int(rng.integers(5, 11))
        septa = np.abs(np.cos(turn * petals / 2 + rng.uniform(0, np.pi))) ** 0.6
        # Cysts fill a ring; the very centre stays darker for long.
        ring = np.clip(away / rng.uniform(0.15, 0.4), 0.15, 1)
        texture *= (0.35 + 0.9 * septa) * ring
    return finish(MACULAR, window, outline, texture, contrast)


def neovascular(
    scene: Scene,
    rng: np.random.Generator,
    contrast: float,
    edge: float,
    near: tuple[float, float, float] | None = None,
) -> Leak | None:
    """Draw new vessels: a lobed bright blob; or a leaking microaneurysm."""
    path = pick_path(scene, rng, near)
    if path is None:
        return None
    unit = scene.unit
    row, col, _ = path[int(rng.integers(0, len(path)))]
    radius = float(np.clip(rng.lognormal(1.9, 0.65), 2.2, 34)) * unit
    row += float(rng.normal(0, 0.5 * radius))
    col += float(rng.normal(0, 0.5 * radius))
    window = window_around(scene, row, col, 3.8 * radius + 3 * edge * unit)
    shape = size_of(window)
    signed = blob(scene, window, row, col, radius, rng, ragged=0.4)
    for _ in range(int(rng.integers(0, 4)) if radius > 4 * unit else 0):
        angle = rng.uniform(0, 2 * np.pi)
        lobe = radius * rng.uniform(0.35, 0.8)
        step = radius * rng.uniform(0.6, 1.4)
        at = (row + step * np.sin(angle), col + step * np.cos(angle))
        signed = np.maximum(
            signed, blob(scene, window, at[0], at[1], lobe, rng, ragged=0.4)
        )
    edge = float(np.clip(edge, 0.22 * radius / unit, 0.5 * radius / unit))
    outline = soften(signed, edge * unit)
    texture = grain(shape, rng, rng.uniform(0.05, 0.25))
    texture *= 0.55 + 0.9 * soften(signed - 0.45 * radius, 0.35 * radius)
    return finish(NEOVASCULAR, window, outline, texture, contrast)
