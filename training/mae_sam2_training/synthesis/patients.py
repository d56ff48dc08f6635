"""Which leakage one patient shows: how many of each kind, how bright, how soft.

Uveitis: large soft perivascular and fern-like areas of low contrast. Diabetes: bright
spots and tufts, patches. Vein occlusion: patches and cuffs at the border of
non-perfusion. And a mixture, so that nothing is ruled out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.drawing import leaks
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

    from napari_mae_sam2.fa.drawing.leak import Leak


@dataclass(frozen=True, slots=True)
class Patient:
    """How often and how many of each kind one sort of patient shows."""

    chance: float
    counts: dict[str, tuple[float, int]]  # kind: (probability, most)
    brightness: float  # 0 favours the lower end of the contrast, 1 the upper
    edges: tuple[float, float]  # softness of borders, pixels at 512
    fading: float  # probability of a late frame
    closure: float = 0.0  # probability of an area of non-perfusion


PATIENTS: dict[str, Patient] = {
    "uveitis": Patient(
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
    "diabetes": Patient(
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
    "occlusion": Patient(
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
    "mixture": Patient(
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


def pick_patient(rng: np.random.Generator) -> Patient:
    """Pick a patient, the frequent ones more often."""
    chances = np.array([patient.chance for patient in PATIENTS.values()])
    at = rng.choice(len(PATIENTS), p=chances / chances.sum())
    return list(PATIENTS.values())[int(at)]


def choose_leaks(
    scene: Scene,
    rng: np.random.Generator,
    patient: Patient,
    contrast: tuple[float, float],
    kinds: Sequence[str],
    near: tuple[float, float, float] | None,
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
        return [leaks.scattered(scene, rng, height(), edge())]
    draw: dict[str, Callable[[], Leak | None]] = {
        PERIVASCULAR: lambda: leaks.perivascular(scene, rng, height(), edge(), near),
        CAPILLARY: lambda: leaks.capillary(scene, rng, height(), edge(), near),
        DISC: lambda: leaks.disc(scene, rng, height(), edge()),
        MACULAR: lambda: leaks.macular(scene, rng, height(), edge()),
        NEOVASCULAR: lambda: leaks.neovascular(
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
