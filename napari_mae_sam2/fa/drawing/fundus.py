"""The retina between the vessels: flush, fovea, disc and the fine texture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.fields import (
    fractal_field,
    ridged_field,
    smooth_field,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.dye import Canvas

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Phase:
    """How a phase of the angiogram looks.

    Attributes
    ----------
    vessels, arteries : float
        Brightness of veins, and of arteries, as a share of full filling.
    flush : float
        Grey level of the retina between the vessels.
    disc : float
        Grey levels that the stained disc adds.
    texture : float
        Strength of the capillary net.
    blur : float
        Sharpness lost to the haze of dye, pixels at 512.
    """

    vessels: float
    arteries: float
    flush: float
    disc: float
    texture: float
    blur: float


PHASES: dict[str, Phase] = {
    "early": Phase(0.95, 1.0, 34, 8, 1.0, 0.35),
    "late": Phase(0.82, 0.72, 52, 52, 0.75, 0.45),
}


def round_field(
    shape: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats]:
    """Circular field of a fundus camera and its vignette.

    Returns
    -------
    field : ndarray
        bool (H, W).
    lamp : ndarray
        float32 (H, W), 0 outside, 0.4 to 1 inside: light that reaches the retina.
    """
    height, width = shape
    radius = 0.5 * max(shape) * rng.uniform(0.985, 1.02)
    rows = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2
    cols = np.arange(width, dtype=np.float32)[None, :] - (width - 1) / 2
    away = np.hypot(rows, cols)
    field = away < radius
    off = rng.normal(0, 0.09 * radius, 2)
    fall = np.hypot(rows - off[0], cols - off[1]) / radius
    lamp = 1 - rng.uniform(0.28, 0.42) * fall**2.4
    rim = 0.5 - 0.5 * np.tanh((away - radius + 1.5) / (0.0022 * max(shape)))
    return field, np.asarray(np.clip(lamp, 0.3, 1) * rim, np.float32)


def draw_retina(
    canvas: Canvas,
    fovea: tuple[float, float],
    phase: Phase,
    distance: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Retina without its visible vessels.

    Parameters
    ----------
    canvas : Canvas
        Where the disc is and how large.
    fovea : tuple of float
        (row, column) in pixels.
    phase : Phase
        Brightness of the parts.
    distance : ndarray
        float32 (H, W), pixels to the nearest vessel: the bed is paler close by.
    rng : numpy.random.Generator
        Source of the texture.

    Returns
    -------
    ndarray
        float32 (H, W), grey levels of 255.
    """
    shape, scale = canvas.shape, canvas.scale
    unit = max(shape) / 512
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    cols = np.arange(shape[1], dtype=np.float32)[None, :]
    from_fovea = np.hypot(rows - fovea[0], cols - fovea[1]) / scale
    from_disc = np.hypot(rows - canvas.row, cols - canvas.col) / scale
    ragged = 1 + 0.12 * fractal_field(shape, 0.3 * scale, rng)
    # Wide unevenness, choroid lobules, and the net of capillaries too small to draw.
    wide = 0.1 * smooth_field(shape, 190 * unit, rng)
    wide += 0.05 * fractal_field(shape, 60 * unit, rng, octaves=3)
    choroid = 0.045 * fractal_field(shape, 9 * unit, rng, octaves=2, gain=0.8)
    net = ridged_field(shape, 4 * unit, rng) - 0.45
    fine = fractal_field(shape, 2.4 * unit, rng, octaves=2, gain=0.7)
    bed = phase.texture * (0.5 * net + 0.17 * fine)
    bed *= np.clip((from_fovea * ragged - 0.22) / 0.35, 0, 1)
    bed *= np.clip(distance / (2.5 * unit), 0.3, 1)
    bed *= np.clip(1.15 - 0.11 * from_fovea, 0.55, 1.1)
    retina = phase.flush * rng.uniform(0.8, 1.4) * (1 + wide + choroid + bed)
    # Nerve fibres and their capillaries make the retina around the disc paler.
    retina *= 1 + 0.22 * np.exp(-((from_disc / 1.5) ** 2))
    # Xanthophyll and tall pigment cells darken the macula; the fovea is darkest.
    retina *= 1 - 0.36 * np.exp(-((from_fovea / 1.0) ** 2))
    retina *= 1 - 0.62 * np.exp(-((from_fovea * ragged / 0.36) ** 2))
    return np.asarray(
        retina + _disc(canvas, phase, from_disc, rows, cols, rng), np.float32
    )


def _disc(
    canvas: Canvas,
    phase: Phase,
    from_disc: Floats,
    rows: Floats,
    cols: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Glow of the disc: a stained rim, a darker cup, fibres that run outwards."""
    shape, scale = canvas.shape, canvas.scale
    uneven = 1 + 0.05 * smooth_field(shape, 0.5 * scale, rng)
    away = from_disc * uneven
    turn = np.arctan2(rows - canvas.row, cols - canvas.col)
    inside = 0.5 - 0.5 * np.tanh((away - 0.5) / 0.055)
    rim = np.exp(-(((away - 0.43) / 0.11) ** 2))
    # The rim stains most on the temporal side, where the choroid is bare.
    side = 0.5 + 0.5 * np.cos(turn - (0 if canvas.temporal > 0 else np.pi))
    cup = np.exp(-((away / 0.24) ** 2))
    mottle = fractal_field(shape, 0.09 * scale, rng, octaves=3, gain=0.7)
    halo = 0.22 * np.exp(-((away / 0.75) ** 2))
    body = inside * (0.62 - 0.25 * cup) + rim * (0.3 + 0.45 * side)
    return np.asarray(phase.disc * (body * (1 + 0.16 * mottle) + halo), np.float32)


def expose(
    picture: Floats, lamp: Floats, blur: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Photograph a retina: lens blur, vignette, photon and read-out noise.

    Parameters
    ----------
    picture : ndarray
        float32 (H, W), grey levels of 255.
    lamp : ndarray
        float32 (H, W), 0 to 1, from `round_field`.
    blur : float
        Standard deviation of the lens blur in pixels.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray
        uint8 (H, W).
    """
    seen = ndimage.gaussian_filter(picture, blur) * lamp
    grain = rng.standard_normal(seen.shape, np.float32)
    # A sensor's grain is a little wider than a pixel once it is demosaiced and scaled.
    grain = grain + 0.9 * ndimage.gaussian_filter(grain, 0.8) * 2.2
    noise = np.sqrt(0.5 + 0.09 * np.clip(seen, 0, 255)) * 0.8
    shot = seen + noise * grain * (lamp > 0.02)
    return np.asarray(np.clip(np.rint(shot), 0, 255), np.uint8)
