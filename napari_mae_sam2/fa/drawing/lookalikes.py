"""What is bright in an angiogram and is not leakage: drawn, and never labelled.

Look-alikes keep sharp borders, or are so smooth and wide that they are no lesion.
Each function returns the light to add in grey levels of 255 over its own window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.drawing.fields import fractal_field, smooth_field
from napari_mae_sam2.fa.drawing.leak import offsets, size_of, soften, window_around

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leak import Window
    from napari_mae_sam2.fa.drawing.scene import Scene

    Floats = NDArray[np.float32]
    Mark = tuple[Window, Floats]
    LookAlike = Callable[[Scene, np.random.Generator], "Mark | None"]


def _somewhere(scene: Scene, rng: np.random.Generator) -> tuple[float, float]:
    """Pick a point of the field."""
    height, width = scene.grey.shape
    for _ in range(60):
        row, col = rng.uniform(0, height), rng.uniform(0, width)
        if scene.depth[int(row), int(col)] > 6 * scene.unit:
            break
    return float(row), float(col)


def laser_scars(scene: Scene, rng: np.random.Generator) -> Mark:
    """Burns of photocoagulation: rows of sharp discs, dark inside with bright rims."""
    unit = scene.unit
    row, col = _somewhere(scene, rng)
    reach = rng.uniform(30, 90) * unit
    window = window_around(scene, row, col, reach)
    shape = size_of(window)
    light = np.zeros(shape, np.float32)
    spacing = rng.uniform(12, 20) * unit
    rim = rng.uniform(15, 70)
    hole = rng.uniform(-30, 5)
    rows, cols = offsets(window, 0, 0)
    for r in np.arange(row - reach, row + reach, spacing):
        for c in np.arange(col - reach, col + reach, spacing):
            if rng.random() < 0.45 or np.hypot(r - row, c - col) > reach:
                continue
            size = rng.uniform(2.5, 5.5) * unit
            r0 = r + rng.normal(0, 0.2 * spacing)
            c0 = c + rng.normal(0, 0.2 * spacing)
            box = (
                slice(
                    max(0, int(r0 - 2 * size) - window[0].start),
                    max(0, int(r0 + 2 * size) + 2 - window[0].start),
                ),
                slice(
                    max(0, int(c0 - 2 * size) - window[1].start),
                    max(0, int(c0 + 2 * size) + 2 - window[1].start),
                ),
            )
            away = np.hypot(rows[box[0]] - r0, cols[:, box[1]] - c0) - size
            ring = np.exp(-((away / (0.35 * size)) ** 2)) * rng.uniform(0.2, 1)
            light[box] += rim * ring + hole * soften(-away - 0.3 * size, 0.8 * unit)
    speckle = 1 + 0.5 * fractal_field(shape, 5 * unit, rng)
    return window, np.asarray(light * np.clip(speckle, 0, 2), np.float32)


def window_defect(scene: Scene, rng: np.random.Generator) -> Mark:
    """Pigment loss: a sharp, mottled patch through which the choroid shines."""
    unit = scene.unit
    row, col = _somewhere(scene, rng)
    radius = float(np.clip(rng.lognormal(2.9, 0.5), 7, 55)) * unit
    window = window_around(scene, row, col, 1.6 * radius)
    shape = size_of(window)
    rows, cols = offsets(window, row, col)
    border = fractal_field(shape, max(3, 0.4 * radius), rng, octaves=4, gain=0.7)
    signed = radius * (1 + 0.3 * border) - np.hypot(rows, cols)
    mottle = fractal_field(shape, rng.uniform(3, 6) * unit, rng, octaves=2)
    # Lobules of the choroid: sharp spots, not a smooth glow.
    height = rng.uniform(8, 40)
    light = height * soften(signed, 0.8 * unit) * soften(mottle + 0.1, 0.35)
    return window, np.asarray(light, np.float32)


def pooling(scene: Scene, rng: np.random.Generator) -> Mark:
    """Dye that fills a blister of the pigment epithelium: flat, round, sharp."""
    unit = scene.unit
    row, col = _somewhere(scene, rng)
    radius = rng.uniform(5, 18) * unit
    window = window_around(scene, row, col, 1.4 * radius + 3)
    rows, cols = offsets(window, row, col)
    stretch = rng.uniform(0.85, 1.15)
    signed = radius - np.hypot(rows * stretch, cols / stretch)
    light = rng.uniform(15, 65) * soften(signed, 0.8 * unit)
    light *= 1 + 0.12 * fractal_field(size_of(window), 0.6 * radius, rng)
    return window, np.asarray(light, np.float32)


def microaneurysms(scene: Scene, rng: np.random.Generator) -> Mark:
    """Tiny sharp bright dots, in swarms, that have not begun to leak."""
    unit = scene.unit
    shape = scene.grey.shape
    light = np.zeros(shape, np.float32)
    row, col = _somewhere(scene, rng)
    spread = rng.uniform(25, 130) * unit
    for _ in range(int(rng.integers(4, 60))):
        r, c = rng.normal(row, spread), rng.normal(col, spread)
        if not (4 < r < shape[0] - 5 and 4 < c < shape[1] - 5):
            continue
        size = rng.uniform(0.6, 1.5) * unit
        window = window_around(scene, r, c, 4 * size + 1)
        rows, cols = offsets(window, r, c)
        dot = np.exp(-(rows**2 + cols**2) / (2 * size**2))
        light[window] += rng.uniform(25, 130) * dot
    return (slice(0, shape[0]), slice(0, shape[1])), light


def staining(scene: Scene, rng: np.random.Generator) -> Mark | None:
    """Dye held in a tissue with a sharp border: a crescent at the disc."""
    if scene.disc is None:
        return None
    row, col, radius = scene.disc
    window = window_around(scene, row, col, 1.6 * radius)
    rows, cols = offsets(window, row, col)
    away = np.hypot(rows, cols)
    wide = rng.uniform(0.05, 0.16) * radius
    ring = soften(wide - np.abs(away - 1.05 * radius), 0.7 * scene.unit)
    turn = np.arctan2(rows, cols) - rng.uniform(-np.pi, np.pi)
    side = np.clip(np.cos(turn) + rng.uniform(-0.4, 0.5), 0, 1)
    return window, np.asarray(rng.uniform(20, 80) * ring * side, np.float32)


def reflex(scene: Scene, rng: np.random.Generator) -> Mark:
    """Hard reflexes of the camera: a small glint or a thin bright arc."""
    unit = scene.unit
    row, col = _somewhere(scene, rng)
    if rng.random() < 0.5:
        size = rng.uniform(1.5, 4) * unit
        window = window_around(scene, row, col, 3 * size)
        rows, cols = offsets(window, row, col)
        signed = size - np.hypot(rows, cols)
    else:
        radius = rng.uniform(25, 120) * unit
        window = window_around(scene, row, col, 0.5 * radius)
        angle = rng.uniform(0, 2 * np.pi)
        rows, cols = offsets(
            window, row + radius * np.sin(angle), col + radius * np.cos(angle)
        )
        signed = 1.1 * unit - np.abs(np.hypot(rows, cols) - radius)
        rows, cols = offsets(window, row, col)
        signed = np.minimum(signed, 0.45 * radius - np.hypot(rows, cols))
    light = rng.uniform(40, 160) * soften(signed, 0.6 * unit)
    return window, np.asarray(light, np.float32)


def flush(scene: Scene, rng: np.random.Generator) -> Mark:
    """Uneven light over most of the field: choroidal flush or the lamp off centre."""
    shape = (scene.grey.shape[0], scene.grey.shape[1])
    wide = smooth_field(shape, rng.uniform(200, 420) * scene.unit, rng)
    return (
        (slice(0, shape[0]), slice(0, shape[1])),
        np.asarray(rng.uniform(3, 13) * wide, np.float32),
    )


def rim_glow(scene: Scene, rng: np.random.Generator) -> Mark:
    """Stray light that creeps in from one side of the field's border."""
    shape = scene.grey.shape
    window = (slice(0, shape[0]), slice(0, shape[1]))
    rows, cols = offsets(window, shape[0] / 2, shape[1] / 2)
    angle = rng.uniform(0, 2 * np.pi)
    side = (rows * np.sin(angle) + cols * np.cos(angle)) / (0.5 * max(shape))
    glow = np.exp((side - 1) / rng.uniform(0.08, 0.3))
    return window, np.asarray(rng.uniform(10, 60) * glow, np.float32)


LOOK_ALIKES: dict[str, tuple[LookAlike, float]] = {
    "laser scars": (laser_scars, 0.13),
    "window defect": (window_defect, 0.16),
    "pooling": (pooling, 0.04),
    "microaneurysms": (microaneurysms, 0.25),
    "staining": (staining, 0.2),
    "reflex": (reflex, 0.12),
    "flush": (flush, 0.4),
    "rim glow": (rim_glow, 0.12),
}


def draw_look_alikes(
    scene: Scene, rng: np.random.Generator, often: float = 1.0
) -> Floats:
    """Draw a random choice of look-alikes.

    Parameters
    ----------
    scene : Scene
        The surveyed frame.
    rng : numpy.random.Generator
        Source of every choice.
    often : float
        Multiplies how often each look-alike appears; 0 for none.

    Returns
    -------
    ndarray
        float32 (H, W), grey levels to add (some are negative); 0 outside the field.
    """
    light = np.zeros(scene.grey.shape, np.float32)
    for draw, chance in LOOK_ALIKES.values():
        if rng.random() < chance * often and (mark := draw(scene, rng)) is not None:
            light[mark[0]] += mark[1]
    inside = np.clip(scene.depth / (2 * scene.unit), 0, 1)
    return np.asarray(light * inside, np.float32)
