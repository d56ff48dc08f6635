"""The five kinds of leakage, each as an outline and as light to add to a frame.

Every function draws one leak into a `Scene` and returns a `Leak`, or None where the
frame has no place for it. Lengths are given for a frame 512 pixels wide and grow with
the frame. What a leak's exact mask is stands in `compose`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.fields import (
    enlarge,
    fractal_field,
    ridged_field,
    smooth_field,
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
    Window = tuple[slice, slice]


BORDER = 0.4  # the share of its local height down to which a pixel counts as leak
DAZZLE = 90.0  # grey levels above which a leak is bright and nothing else
_TAIL = 0.012


@dataclass(frozen=True, slots=True, eq=False)
class Leak:
    """One leak in its window of the frame.

    Attributes
    ----------
    kind : str
        One of `scene.KINDS`.
    window : tuple of slice
        Rows and columns of the frame that the arrays cover.
    outline : ndarray
        float32, 0 to 1: share of the leak's local height; its border is soft.
    light : ndarray
        float32, grey levels of 255 to add, with the texture inside the leak.
    """

    kind: str
    window: Window
    outline: Floats
    light: Floats


def window_around(scene: Scene, row: float, col: float, reach: float) -> Window:
    """Rows and columns within `reach` pixels of a point, cut at the frame's edges."""
    height, width = scene.grey.shape
    return (
        slice(max(0, int(row - reach)), min(height, int(row + reach) + 1)),
        slice(max(0, int(col - reach)), min(width, int(col + reach) + 1)),
    )


def size_of(window: Window) -> tuple[int, int]:
    """(H, W) of a window."""
    return window[0].stop - window[0].start, window[1].stop - window[1].start


def offsets(window: Window, row: float, col: float) -> tuple[Floats, Floats]:
    """Row and column offsets (pixels) from a point, as (H, 1) and (1, W)."""
    rows = np.arange(window[0].start, window[0].stop, dtype=np.float32) - row
    cols = np.arange(window[1].start, window[1].stop, dtype=np.float32) - col
    return rows[:, None], cols[None, :]


def soften(signed: NDArray[np.floating[Any]], edge: float) -> Floats:
    """Turn a signed distance (pixels, positive inside) into a 0 to 1 soft outline."""
    return np.asarray(0.5 + 0.5 * np.tanh(signed / max(edge, 0.3)), np.float32)


def _grain(shape: tuple[int, int], rng: np.random.Generator, amount: float) -> Floats:
    """Texture around 1 that every leak has: clouds, and photon noise on top."""
    clouds = fractal_field(shape, 14, rng, octaves=3, gain=0.7)
    noise = rng.standard_normal(shape, np.float32)
    return np.clip(1 + amount * clouds + 0.3 * amount * noise, 0.15, 2.5)


def _dome(
    signed: NDArray[np.floating[Any]], depth: float, rng: np.random.Generator
) -> Floats:
    """Height within a leak: dye pools in its core and thins towards its border."""
    core = soften(signed - 0.5 * depth, 0.6 * depth)
    share = rng.uniform(0.3, 0.75)
    return np.asarray((1 - share) + share * core, np.float32)


def _wide_edge(edge: float, radius: float, rng: np.random.Generator) -> float:
    """Softness for an area: wide areas seldom have narrow borders. In pixels at 512."""
    return min(max(edge, radius * float(rng.uniform(0.05, 0.17))), 14.0)


def _finish(
    kind: str,
    window: Window,
    outline: Floats,
    texture: NDArray[np.floating[Any]],
    contrast: float,
) -> Leak:
    """Scale the light to a mean of `contrast` over the leak's mask."""
    # The tail of the soft border is cut, so that pixels beyond it stay as they were.
    outline = np.asarray(np.clip((outline - _TAIL) / (1 - _TAIL), 0, 1), np.float32)
    shaped = outline * texture
    inside = outline >= BORDER
    mean = float(shaped[inside].mean()) if inside.any() else 1.0
    light = np.asarray(shaped * (contrast / max(mean, 0.1)), np.float32)
    # Beyond `DAZZLE` more light looks no higher, only wider.
    seen = np.minimum(outline * max(1.0, contrast / DAZZLE), 1)
    return Leak(kind, window, np.asarray(seen, np.float32), light)


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
    path = _pick_path(scene, rng, near)
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
    reach = float(np.ptp(piece[:, :2], axis=0).max()) / 2 + 2.5 * width
    reach += 4 * edge * unit + 4
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
    signed = wall + width * (0.75 + rng.uniform(0.15, 0.6) * uneven) - distance
    outline = soften(signed, max(edge, 0.25 * width / unit) * unit)
    texture = _grain(shape, rng, rng.uniform(0.08, 0.3))
    # Dye is densest at the wall and thins outwards.
    texture *= 0.55 + 0.9 * np.exp(-distance / (wall + width))
    return _finish(PERIVASCULAR, window, outline, texture, contrast)


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
    window = window_around(scene, row, col, 1.5 * radius + 4 * edge * unit)
    shape = size_of(window)
    area = _blob(scene, window, row, col, radius, rng, ragged=0.6)
    width = float(np.clip(rng.lognormal(2.15, 0.4), 4, 20)) * unit
    uneven = fractal_field(shape, rng.uniform(16, 40) * unit, rng)
    distance = scene.distance[window]
    signed = width * (1 + 0.5 * uneven) - distance
    outline = soften(signed, max(edge, 0.25 * width / unit) * unit)
    # Along the vessels the leakage dies away slowly.
    outline *= soften(area, 0.22 * radius)
    texture = _grain(shape, rng, rng.uniform(0.1, 0.3)) * _dome(area, radius / 2, rng)
    texture *= 0.6 + 0.8 * np.exp(-distance / width)
    return _finish(PERIVASCULAR, window, outline, texture, contrast)


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
    place = _place(scene, rng, near)
    if place is None:
        return None
    unit = scene.unit
    row, col = place
    if radius is None:
        radius = float(np.clip(rng.lognormal(3.7, 0.7), 7, 160))
    radius *= unit
    window = window_around(scene, row, col, 1.6 * radius + 4 * edge * unit)
    shape = size_of(window)
    signed = _blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.3, 0.9))
    # Leakage clings to the vessels that feed it.
    cling = min(rng.uniform(0, 0.45) * radius, 16 * unit)
    signed += cling * (np.exp(-scene.distance[window] / (9 * unit)) - 0.35)
    outline = soften(signed, _wide_edge(edge, radius / unit, rng) * unit)
    texture = _grain(shape, rng, rng.uniform(0.1, 0.3)) * _dome(signed, radius / 2, rng)
    fern = rng.uniform(0, 1) ** 0.7
    net = ridged_field(shape, rng.uniform(9, 22) * unit, rng)
    net = net + 0.8 * np.minimum(2.5 * scene.vesselness[window], 1)
    texture *= (1 - 0.75 * fern) + 1.5 * fern * net
    # A dense core: the height swells slowly over the area.
    texture *= np.clip(1 + 0.3 * smooth_field(shape, 0.7 * radius + 4, rng), 0.5, 1.6)
    return _finish(CAPILLARY, window, outline, texture, contrast)


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
    outline = soften(signed, _wide_edge(edge, cell / unit, rng) * unit)
    texture = _grain((shape[0], shape[1]), rng, rng.uniform(0.1, 0.3))
    texture *= _dome(signed, 0.4 * cell, rng)
    fern = rng.uniform(0, 0.8)
    net = ridged_field((shape[0], shape[1]), rng.uniform(9, 20) * unit, rng)
    texture *= (1 - 0.7 * fern) + 1.6 * fern * net
    return _finish(CAPILLARY, window, outline, texture, contrast)


def disc(
    scene: Scene, rng: np.random.Generator, contrast: float, edge: float
) -> Leak | None:
    """Haze over and around the optic disc; None where the disc is not in the frame."""
    if scene.disc is None:
        return None
    row, col, size = scene.disc
    radius = size * float(rng.uniform(0.9, 2.0))
    window = window_around(scene, row, col, 1.6 * radius + 5 * edge * scene.unit)
    shape = size_of(window)
    signed = _blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.1, 0.45))
    outline = soften(
        signed, _wide_edge(max(edge, 2), radius / scene.unit, rng) * scene.unit
    )
    rows, cols = offsets(window, row, col)
    fall = np.exp(-np.hypot(rows, cols) / (1.2 * radius))
    texture = _grain(shape, rng, rng.uniform(0.06, 0.2)) * (0.5 + fall)
    return _finish(DISC, window, outline, texture, contrast)


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
    window = window_around(scene, row, col, 1.5 * radius + 4 * edge * unit)
    shape = size_of(window)
    signed = _blob(scene, window, row, col, radius, rng, ragged=rng.uniform(0.15, 0.5))
    outline = soften(signed, _wide_edge(edge, radius / unit, rng) * unit)
    texture = _grain(shape, rng, rng.uniform(0.06, 0.2)) * _dome(
        signed, radius / 2, rng
    )
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
    return _finish(MACULAR, window, outline, texture, contrast)


def neovascular(
    scene: Scene,
    rng: np.random.Generator,
    contrast: float,
    edge: float,
    near: tuple[float, float, float] | None = None,
) -> Leak | None:
    """Draw new vessels: a lobed bright blob; or a leaking microaneurysm."""
    path = _pick_path(scene, rng, near)
    if path is None:
        return None
    unit = scene.unit
    row, col, _ = path[int(rng.integers(0, len(path)))]
    radius = float(np.clip(rng.lognormal(1.9, 0.65), 2.2, 34)) * unit
    row += float(rng.normal(0, 0.5 * radius))
    col += float(rng.normal(0, 0.5 * radius))
    window = window_around(scene, row, col, 3.2 * radius + 5 * edge * unit)
    shape = size_of(window)
    signed = _blob(scene, window, row, col, radius, rng, ragged=0.4)
    for _ in range(int(rng.integers(0, 4)) if radius > 4 * unit else 0):
        angle = rng.uniform(0, 2 * np.pi)
        lobe = radius * rng.uniform(0.35, 0.8)
        step = radius * rng.uniform(0.6, 1.4)
        at = (row + step * np.sin(angle), col + step * np.cos(angle))
        signed = np.maximum(
            signed, _blob(scene, window, at[0], at[1], lobe, rng, ragged=0.4)
        )
    edge = float(np.clip(edge, 0.22 * radius / unit, 0.5 * radius / unit))
    outline = soften(signed, edge * unit)
    texture = _grain(shape, rng, rng.uniform(0.05, 0.25))
    texture *= 0.55 + 0.9 * soften(signed - 0.45 * radius, 0.35 * radius)
    return _finish(NEOVASCULAR, window, outline, texture, contrast)


def _blob(
    scene: Scene,
    window: Window,
    row: float,
    col: float,
    radius: float,
    rng: np.random.Generator,
    ragged: float,
) -> Floats:
    """Signed distance (pixels, positive inside) to a rough ellipse's border."""
    shape = size_of(window)
    rows, cols = offsets(window, row, col)
    angle = rng.uniform(0, np.pi)
    stretch = float(np.exp(rng.normal(0, 0.22)))
    across = (cols * np.cos(angle) + rows * np.sin(angle)) * stretch
    along = (rows * np.cos(angle) - cols * np.sin(angle)) / stretch
    away = np.sqrt(across**2 + along**2)
    cell = max(radius * rng.uniform(0.25, 0.55), 2.0)
    border = 0.55 * fractal_field(shape, cell, rng, octaves=3, gain=0.35)
    # Lobes all around: the lattice of the field alone would show as straight sides.
    turn = np.arctan2(rows, cols)
    for lobes in range(2, 7):
        height, phase = rng.normal(0, 1.1 / lobes), rng.uniform(0, 2 * np.pi)
        border += np.float32(height) * np.cos(lobes * turn + np.float32(phase))
    # Roughness must not throw islands far beyond the blob.
    rough = ragged * radius * np.tanh(0.6 * border)
    return np.asarray(np.minimum(radius - away + rough, 1.45 * radius - away), "f4")


def _pick_path(
    scene: Scene,
    rng: np.random.Generator,
    near: tuple[float, float, float] | None,
) -> Floats | None:
    """Pick a vessel, long and wide ones more often."""
    paths = scene.paths
    if near is not None:
        row, col, radius = near
        paths = tuple(
            kept
            for path in paths
            if len(kept := path[np.hypot(path[:, 0] - row, path[:, 1] - col) < radius])
            >= 6
        )
    if not paths:
        return None
    weights = np.array([len(p) * float(p[:, 2].mean()) for p in paths])
    return paths[int(rng.choice(len(paths), p=weights / weights.sum()))]


def _place(
    scene: Scene,
    rng: np.random.Generator,
    near: tuple[float, float, float] | None,
) -> tuple[float, float] | None:
    """Pick a point of the field, a little inside its border."""
    height, width = scene.grey.shape
    for _ in range(60):
        if near is None:
            row, col = rng.uniform(0, height), rng.uniform(0, width)
        else:
            angle, away = rng.uniform(0, 2 * np.pi), near[2] * rng.random() ** 0.5
            row = near[0] + away * np.sin(angle)
            col = near[1] + away * np.cos(angle)
        inside = 0 <= row < height and 0 <= col < width
        if inside and scene.depth[int(row), int(col)] > 4 * scene.unit:
            return float(row), float(col)
    return None
