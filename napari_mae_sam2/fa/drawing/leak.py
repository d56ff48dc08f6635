"""What a leak is, and the tools that all kinds of leakage are drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.drawing.fields import fractal_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.scene import Scene

    Floats = NDArray[np.float32]
    Window = tuple[slice, slice]

BORDER = 0.4  # the share of its local height down to which a pixel counts as leak
DAZZLE = 90.0  # grey levels above which a leak is bright and nothing else
REACH = 1.45  # no blob is wider than this many times its radius
_TAIL = 0.012  # share of the height at which a soft border is cut


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


def grain(shape: tuple[int, int], rng: np.random.Generator, amount: float) -> Floats:
    """Texture around 1 that every leak has: clouds, and photon noise on top."""
    clouds = fractal_field(shape, 14, rng, octaves=3, gain=0.7)
    noise = rng.standard_normal(shape, np.float32)
    return np.clip(1 + amount * clouds + 0.3 * amount * noise, 0.15, 2.5)


def dome(
    signed: NDArray[np.floating[Any]], depth: float, rng: np.random.Generator
) -> Floats:
    """Height within a leak: dye pools in its core and thins towards its border."""
    core = soften(signed - 0.5 * depth, 0.6 * depth)
    share = rng.uniform(0.3, 0.75)
    return np.asarray((1 - share) + share * core, np.float32)


def wide_edge(edge: float, radius: float, rng: np.random.Generator) -> float:
    """Softness for an area: wide areas seldom have narrow borders. In pixels at 512."""
    return min(max(edge, radius * float(rng.uniform(0.05, 0.17))), 14.0)


def finish(
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


def blob(
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
    # Neither roughness nor stretch may reach beyond the window of the leak.
    rough = ragged * radius * np.tanh(0.6 * border)
    limit = REACH * radius - np.hypot(rows, cols)
    return np.asarray(np.minimum(radius - away + rough, limit), np.float32)


def pick_path(
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


def pick_place(
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
