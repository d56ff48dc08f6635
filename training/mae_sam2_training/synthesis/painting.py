"""Draw leakage with an exact mask into a real frame.

A draw first picks a patient (`patients`) or none at all. It fades the vessels where the
phase is late, adds look-alikes that stay unlabelled, and then the leaks. What counts as
inside a leak is said in `napari_mae_sam2.fa.drawing.compose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.synthesis.drawn_frame import Drawn
from mae_sam2_training.synthesis.patients import (
    Patient,
    choose_leaks,
    pick_patient,
)
from mae_sam2_training.synthesis.surveying import survey
from mae_sam2_training.synthesis.visible import drop_unseen, gains
from napari_mae_sam2.fa.drawing.compose import add_light, lay_out
from napari_mae_sam2.fa.drawing.fields import fractal_field
from napari_mae_sam2.fa.drawing.leak import (
    offsets,
    size_of,
    soften,
    window_around,
)
from napari_mae_sam2.fa.drawing.lookalikes import draw_look_alikes
from napari_mae_sam2.fa.drawing.scene import KINDS, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leak import Leak

    Floats = NDArray[np.float32]
    Spot = tuple[float, float, float] | None


UNSEEN = 0.5
"""A lesion that gains less than this share of the lowest contrast is not drawn."""


def draw_into(
    frame: NDArray[np.uint8] | Scene,
    rng: np.random.Generator,
    *,
    contrast: tuple[float, float] = (10.0, 110.0),
    kinds: Sequence[str] = KINDS,
    empty: float = 0.08,
    look_alikes: float = 1.0,
    late: bool = True,
) -> Drawn:
    """Draw leakage into a frame.

    Parameters
    ----------
    frame : ndarray or Scene
        uint8 (H, W), or what `survey` made of it: survey once and draw often.
    rng : numpy.random.Generator
        Source of every choice: the same state draws the same leakage.
    contrast : tuple of float
        Lowest and highest mean height of a leak, grey levels of 255. Neovascular
        leaks may be up to twice as bright and saturate. Bright retina gains less;
        what was gained stands in `Drawn.contrasts`, and a leak that gains less than
        half of the lowest is left out.
    kinds : sequence of str
        Kinds of leakage to choose from.
    empty : float
        Probability of a frame without leakage, which is a valid negative.
    look_alikes : float
        How often unlabelled look-alikes are added; 0 for none.
    late : bool
        Let vessels fade and the frame darken or brighten, as in late phases. With
        False, and no look-alikes, pixels change only where there is leakage.

    Returns
    -------
    Drawn
        Nothing of it lies outside the field.

    Raises
    ------
    ValueError
        For an unknown kind or a contrast that is not ``0 < low <= high``.
    """
    if not 0 < contrast[0] <= contrast[1]:
        raise ValueError(f"contrast {contrast} must be two rising positive numbers")
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"unknown kinds of leakage: {', '.join(sorted(unknown))}")
    scene = frame if isinstance(frame, Scene) else survey(frame)
    patient = pick_patient(rng)
    base = scene.grey
    if late:
        base = _develop(scene, rng, patient)
    near: Spot = None
    if late and rng.random() < patient.closure:
        base, near = _close_capillaries(scene, base, rng)
    if look_alikes > 0:
        base = np.clip(base + draw_look_alikes(scene, rng, look_alikes), 0, 255)
    leaks: list[Leak] = []
    if rng.random() >= empty:
        leaks = choose_leaks(scene, rng, patient, contrast, kinds, near)
    light, lesions, names = lay_out(scene, leaks)
    least = UNSEEN * contrast[0]
    light, lesions, names = drop_unseen(base, light, lesions, names, least, scene.unit)
    shown = add_light(base, light)
    pixels = np.where(scene.field, np.rint(shown), scene.grey).astype(np.uint8)
    return Drawn(pixels, lesions, names, gains(base, light, lesions, list(names)))


def _develop(scene: Scene, rng: np.random.Generator, patient: Patient) -> Floats:
    """Change a frame's phase and exposure: vessels fade, the whole dims or glows."""
    base = scene.grey
    if rng.random() < patient.fading:
        fade = rng.uniform(0.15, 0.8)
        base = scene.background + (1 - fade) * (base - scene.background)
        base += rng.uniform(-0.1, 0.5) * fade * 25
    if rng.random() < 0.4:
        base = base * rng.uniform(0.6, 1.35)
    return np.where(scene.field, np.clip(base, 0, 255), scene.grey).astype(np.float32)


def _close_capillaries(
    scene: Scene, base: Floats, rng: np.random.Generator
) -> tuple[Floats, Spot]:
    """Darken an area of retina as non-perfusion does; leaks gather around it."""
    height, width = scene.grey.shape
    row, col = rng.uniform(0.1, 0.9) * height, rng.uniform(0.1, 0.9) * width
    radius = rng.uniform(45, 130) * scene.unit
    window = window_around(scene, row, col, 1.6 * radius)
    rows, cols = offsets(window, row, col)
    rough = fractal_field(size_of(window), 0.45 * radius, rng, octaves=4, gain=0.6)
    signed = radius * (1 + 0.35 * np.tanh(rough)) - np.hypot(rows, cols)
    dark = rng.uniform(0.25, 0.65) * soften(signed, 3 * scene.unit)
    # The wide vessels stay; the capillary bed between them is what is lost.
    dark *= 1 - 0.8 * np.clip(1.5 * scene.vesselness[window] - 0.3, 0, 1)
    out = base.copy()
    out[window] *= 1 - dark
    return np.where(scene.field, out, scene.grey), (row, col, 1.35 * radius)
