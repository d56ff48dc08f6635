"""Draw leakage with an exact mask into a real frame.

A draw first picks a patient: uveitis (large soft perivascular and fern-like areas of
low contrast), diabetes (bright spots and tufts, patches), vein occlusion (patches and
cuffs at the border of non-perfusion), a mixture, or no leakage at all. It fades the
vessels where the phase is late, adds look-alikes that stay unlabelled, and then the
leaks. What counts as inside a leak is said in `napari_mae_sam2.fa.drawing.compose`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from mae_sam2_training.synthesis.surveying import survey
from napari_mae_sam2.fa.drawing import leaks as leak
from napari_mae_sam2.fa.drawing.compose import add_light, lay_out
from napari_mae_sam2.fa.drawing.fields import fractal_field
from napari_mae_sam2.fa.drawing.lookalikes import draw_look_alikes
from napari_mae_sam2.fa.drawing.scene import (
    CAPILLARY,
    DISC,
    KINDS,
    MACULAR,
    NEOVASCULAR,
    PERIVASCULAR,
    Scene,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leaks import Leak

    Floats = NDArray[np.float32]
    Spot = tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A real frame with leakage drawn in.

    Attributes
    ----------
    pixels : ndarray
        uint8 (H, W).
    lesions : ndarray
        uint16 (H, W): 0 background, 1..N lesions.
    kinds : dict
        Lesion id to one of `KINDS`, for each of 1..N.
    contrasts : dict
        Lesion id to the mean grey levels (of 255) by which the lesion was raised.
    """

    pixels: NDArray[np.uint8]
    lesions: NDArray[np.uint16]
    kinds: dict[int, str]
    contrasts: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Patient:
    """How often and how many of each kind one sort of patient shows."""

    chance: float
    counts: dict[str, tuple[float, int]]  # kind: (probability, most)
    brightness: float  # 0 favours the lower end of the contrast, 1 the upper
    edges: tuple[float, float]  # softness of borders, pixels at 512
    fading: float  # probability of a late frame
    closure: float = 0.0  # probability of an area of non-perfusion


PATIENTS: dict[str, _Patient] = {
    "uveitis": _Patient(
        0.42,
        {
            PERIVASCULAR: (0.8, 4),
            CAPILLARY: (0.6, 3),
            DISC: (0.35, 1),
            MACULAR: (0.3, 1),
        },
        brightness=0.45,
        edges=(2, 8),
        fading=0.6,
    ),
    "diabetes": _Patient(
        0.2,
        {
            NEOVASCULAR: (0.8, 5),
            CAPILLARY: (0.5, 4),
            MACULAR: (0.25, 1),
            PERIVASCULAR: (0.25, 2),
        },
        brightness=0.65,
        edges=(1.3, 7),
        fading=0.35,
        closure=0.2,
    ),
    "occlusion": _Patient(
        0.16,
        {
            PERIVASCULAR: (0.8, 4),
            CAPILLARY: (0.7, 4),
            NEOVASCULAR: (0.35, 3),
            MACULAR: (0.3, 1),
        },
        brightness=0.6,
        edges=(1.3, 7),
        fading=0.4,
        closure=0.7,
    ),
    "mixture": _Patient(
        0.16,
        dict.fromkeys(KINDS, (0.35, 2)),
        brightness=0.5,
        edges=(1, 8),
        fading=0.4,
        closure=0.1,
    ),
}
SCATTERED = 0.16  # of leaking frames: islands over the whole field instead of areas
_MOST = 8


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
        what was gained stands in `Drawn.contrasts`.
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
    name = rng.choice(
        list(PATIENTS), p=_normalised([p.chance for p in PATIENTS.values()])
    )
    patient = PATIENTS[str(name)]
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
        leaks = _choose(scene, rng, patient, contrast, kinds, near)
    light, lesions, names = lay_out(scene, leaks)
    shown = add_light(base, light)
    pixels = np.where(scene.field, np.rint(shown), scene.grey).astype(np.uint8)
    gained = (
        ndimage.mean(shown - base, lesions, index=list(names)) if names else np.empty(0)
    )
    contrasts = {i: float(g) for i, g in zip(names, gained, strict=True)}
    return Drawn(pixels, lesions, names, contrasts)


def _normalised(weights: Sequence[float]) -> NDArray[np.float64]:
    total = np.asarray(weights, np.float64)
    return total / total.sum()


def _develop(scene: Scene, rng: np.random.Generator, patient: _Patient) -> Floats:
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
    window = leak.window_around(scene, row, col, 1.6 * radius)
    rows, cols = leak.offsets(window, row, col)
    rough = fractal_field(leak.size_of(window), 0.45 * radius, rng, octaves=4, gain=0.6)
    signed = radius * (1 + 0.35 * np.tanh(rough)) - np.hypot(rows, cols)
    dark = rng.uniform(0.25, 0.65) * leak.soften(signed, 3 * scene.unit)
    # The wide vessels stay; the capillary bed between them is what is lost.
    dark *= 1 - 0.8 * np.clip(1.5 * scene.vesselness[window] - 0.3, 0, 1)
    out = base.copy()
    out[window] *= 1 - dark
    return np.where(scene.field, out, scene.grey), (row, col, 1.35 * radius)


def _choose(
    scene: Scene,
    rng: np.random.Generator,
    patient: _Patient,
    contrast: tuple[float, float],
    kinds: Sequence[str],
    near: Spot,
) -> list[Leak]:
    """Pick the leaks of one frame; all share an exposure, so their heights agree."""
    low, high = np.log(contrast[0]), np.log(contrast[1])
    tone = rng.beta(1 + 2 * patient.brightness, 3 - 2 * patient.brightness)
    softness = float(np.exp(rng.uniform(*np.log(patient.edges))))

    def height() -> float:
        share = np.clip(tone + rng.normal(0, 0.15), 0, 1)
        return float(np.exp(low + share * (high - low)))

    def edge() -> float:
        spread = softness * np.exp(rng.normal(0, 0.25))
        return float(np.clip(spread, 1, 8))

    if CAPILLARY in kinds and rng.random() < SCATTERED:
        return [leak.scattered(scene, rng, height(), edge())]
    draw: dict[str, Callable[[], Leak | None]] = {
        PERIVASCULAR: lambda: leak.perivascular(scene, rng, height(), edge(), near),
        CAPILLARY: lambda: leak.capillary(scene, rng, height(), edge(), near),
        DISC: lambda: leak.disc(scene, rng, height(), edge()),
        MACULAR: lambda: leak.macular(scene, rng, height(), edge()),
        NEOVASCULAR: lambda: leak.neovascular(
            scene, rng, height() * rng.uniform(1, 2), edge(), near
        ),
    }
    wanted = [kind for kind in patient.counts if kind in kinds] or list(kinds)
    todo: list[str] = []
    for kind in wanted:
        chance, most = patient.counts.get(kind, (0.7, 2))
        if rng.random() < chance:
            todo += [kind] * int(rng.integers(1, most + 1))
    todo = todo or [str(rng.choice(wanted))]
    rng.shuffle(todo)
    return [made for kind in todo[:_MOST] if (made := draw[kind]()) is not None]
