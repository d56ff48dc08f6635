"""Late frames of retinal vasculitis, drawn into real frames that do not leak.

In a late frame the vessels have faded, the retina glows unevenly and looks grainy, haze
lies over it, and the disc is bright without leaking. The leakage is many soft patches
along and between the vessels: smooth random fields, cut where a slower field and the
nearness of a vessel make leakage likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from mae_sam2_training.synthesis.drawn_frame import Drawn
from mae_sam2_training.synthesis.surveying import survey
from mae_sam2_training.synthesis.visible import drop_unseen, gains
from napari_mae_sam2.fa.drawing import leaks
from napari_mae_sam2.fa.drawing.compose import add_light, lay_out
from napari_mae_sam2.fa.drawing.fields import fractal_field, ridged_field, smooth_field
from napari_mae_sam2.fa.drawing.leak import finish, grain, soften
from napari_mae_sam2.fa.drawing.scene import CAPILLARY, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leak import Leak

    Floats = NDArray[np.float32]

PATCHES = (12, 110)
"""A field of patches with fewer or more than this is cut again."""
_TRIES = 4
_TOUCHING = np.ones((3, 3), bool)


def draw_late(
    frame: NDArray[np.uint8] | Scene,
    rng: np.random.Generator,
    *,
    contrast: tuple[float, float] = (12.0, 110.0),
    empty: float = 0.12,
) -> Drawn:
    """Turn a frame into a late one and draw many soft patches of leakage into it.

    Parameters
    ----------
    frame : ndarray or Scene
        uint8 (H, W), or what `survey` made of it.
    rng : numpy.random.Generator
        Source of every choice.
    contrast : tuple of float
        Lowest and highest mean height of the patches, grey levels of 255.
    empty : float
        Probability of a late frame without leakage, which is a valid negative.

    Returns
    -------
    Drawn
        Before the camera: noise, blur and compression are for `data.camera`.

    Raises
    ------
    ValueError
        For a contrast that is not ``0 < low <= high``.
    """
    if not 0 < contrast[0] <= contrast[1]:
        raise ValueError(f"contrast {contrast} must be two rising positive numbers")
    scene = frame if isinstance(frame, Scene) else survey(frame)
    base = _fade(scene, rng)
    drawn: list[Leak] = []
    if rng.random() >= empty:
        low, high = np.log(contrast[0]), np.log(contrast[1])
        height = float(np.exp(low + rng.beta(1.3, 1.7) * (high - low)))
        edge = float(np.exp(rng.uniform(np.log(1.2), np.log(7.0))))
        drawn.append(_patches(scene, rng, height, edge))
        if rng.random() < 0.45:
            for _ in range(int(rng.integers(1, 6))):
                cuff = leaks.perivascular(
                    scene, rng, height * float(rng.uniform(0.5, 1.2)), edge
                )
                drawn += [cuff] if cuff is not None else []
    light, lesions, names = lay_out(scene, drawn)
    light, lesions, names = drop_unseen(
        base, light, lesions, names, 0.5 * contrast[0], scene.unit
    )
    shown = add_light(base, light)
    pixels = np.where(scene.field, np.rint(shown), scene.grey).astype(np.uint8)
    return Drawn(pixels, lesions, names, gains(base, light, lesions, list(names)))


def _fade(scene: Scene, rng: np.random.Generator) -> Floats:
    """Make the frame a late one: faded vessels, glow, grain, haze, a bright disc."""
    shape, unit = scene.grey.shape, scene.unit
    fade = float(rng.uniform(0.2, 0.95))
    base = scene.background + (1 - fade) * (scene.grey - scene.background)
    # Dye has left the vessels and is in the retina and the choroid.
    flat = float(np.median(base[scene.field])) if scene.field.any() else 0.0
    base = flat + rng.uniform(0.35, 1.0) * (base - flat)
    glow = rng.uniform(20, 110) - flat * rng.uniform(0.3, 1.0)
    uneven = smooth_field(shape, rng.uniform(110, 300) * unit, rng)
    base = base + glow + rng.uniform(2, 14) * uneven
    coarse = fractal_field(shape, rng.uniform(5, 22) * unit, rng, octaves=3, gain=0.7)
    fine = rng.standard_normal(shape, np.float32)
    fine = ndimage.gaussian_filter(fine, rng.uniform(0.6, 1.3) * unit) * 2.5
    grainy = 0.5 + 0.5 * np.clip(base / 80, 0, 2)
    base = base + grainy * (rng.uniform(0.5, 5) * coarse + rng.uniform(0, 4) * fine)
    if scene.disc is not None and rng.random() < 0.7:
        base = base + _stained_disc(scene, rng)
    if rng.random() < 0.5:
        veil = ndimage.gaussian_filter(base, rng.uniform(8, 25) * unit)
        base = base + rng.uniform(0.1, 0.5) * (veil - base)
    return np.where(scene.field, np.clip(base, 0, 235), scene.grey).astype(np.float32)


def _stained_disc(scene: Scene, rng: np.random.Generator) -> Floats:
    """Light of a disc that stains to its border and does not leak beyond it."""
    assert scene.disc is not None
    row, col, radius = scene.disc
    rows, cols = np.ogrid[: scene.grey.shape[0], : scene.grey.shape[1]]
    stretch = float(np.exp(rng.normal(0, 0.1)))
    away = np.hypot((rows - row) * stretch, (cols - col) / stretch)
    signed = radius * rng.uniform(0.75, 1.1) - away
    light = soften(signed, rng.uniform(1.0, 3.5) * scene.unit) * rng.uniform(10, 90)
    return np.asarray(light * (1 - 0.5 * scene.vesselness), np.float32)


def _patches(
    scene: Scene, rng: np.random.Generator, height: float, edge: float
) -> Leak:
    """Many soft patches over the field, each with a height of its own."""
    unit = scene.unit
    shape = (scene.grey.shape[0], scene.grey.shape[1])
    for _ in range(_TRIES):
        signed, cell = _signed(scene, rng)
        parts, count = ndimage.label((signed > 0) & scene.field, _TOUCHING)
        if PATCHES[0] <= count <= PATCHES[1]:
            break
    outline = soften(signed, min(edge, 0.45 * cell / unit) * unit)
    # Patches differ in height; between them it changes slowly, so none has a seam.
    levels = np.exp(rng.normal(0, rng.uniform(0.05, 0.4), count + 1)).astype(np.float32)
    nearest = ndimage.distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    own = ndimage.gaussian_filter(levels[parts[tuple(nearest)]], 2 * unit)
    texture = grain(shape, rng, rng.uniform(0.05, 0.3)) * own
    if rng.random() < 0.5:
        net = ridged_field(shape, rng.uniform(8, 20) * unit, rng)
        fern = rng.uniform(0, 0.6)
        texture = texture * ((1 - 0.7 * fern) + 1.6 * fern * net)
    core = np.clip(signed / (0.35 * cell), 0, 1)
    texture = texture * (1 + rng.uniform(0, 0.8) * core)
    window = (slice(0, shape[0]), slice(0, shape[1]))
    return finish(CAPILLARY, window, outline, texture, height)


def _signed(scene: Scene, rng: np.random.Generator) -> tuple[Floats, float]:
    """Draw a field that is above zero in the patches, about in pixels, and its cell."""
    unit = scene.unit
    shape = (scene.grey.shape[0], scene.grey.shape[1])
    cell = float(np.exp(rng.uniform(np.log(9), np.log(42)))) * unit
    islands = fractal_field(shape, cell, rng, octaves=3, gain=rng.uniform(0.2, 0.5))
    slower = smooth_field(shape, rng.uniform(90, 240) * unit, rng)
    reach = rng.uniform(5, 18) * unit
    near = np.exp(-scene.distance / reach)
    total = islands + rng.uniform(0.3, 1.3) * slower + rng.uniform(-0.3, 1.8) * near
    share = float(np.clip(rng.lognormal(-2.9, 0.7), 0.008, 0.22))
    seen = total[::4, ::4][scene.field[::4, ::4]]
    level = float(np.quantile(seen, 1 - share)) if seen.size else 0.0
    return np.asarray((total - level) * (0.6 * cell), np.float32), cell
