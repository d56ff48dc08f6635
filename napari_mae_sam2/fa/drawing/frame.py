"""A whole drawn angiogram with its lesions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing import leaks
from napari_mae_sam2.fa.drawing.compose import add_light, lay_out
from napari_mae_sam2.fa.drawing.dye import Canvas, paint_tree
from napari_mae_sam2.fa.drawing.fundus import (
    PHASES,
    draw_retina,
    expose,
    round_field,
)
from napari_mae_sam2.fa.drawing.leak import soften
from napari_mae_sam2.fa.drawing.lookalikes import draw_look_alikes
from napari_mae_sam2.fa.drawing.scene import (
    CAPILLARY,
    DISC,
    KINDS,
    MACULAR,
    NEOVASCULAR,
    PERIVASCULAR,
    Scene,
    depth_of,
)
from napari_mae_sam2.fa.drawing.vessels import Branch, grow_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leak import Leak

    Floats = NDArray[np.float32]

SAMPLE_SEED = 5  # an eye with a few clear leaks: cuffs, and patches in between
_FULL = 205.0  # grey level that a wide, well-filled vessel adds
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFrame:
    """A drawn frame and all that is known about it.

    Attributes
    ----------
    pixels : ndarray
        uint8 (H, W).
    lesions : ndarray
        uint16 (H, W): 0 background, 1..N lesions.
    kinds : dict
        Lesion id to one of `KINDS`.
    field : ndarray
        bool (H, W): the photographed field.
    vessels : ndarray
        bool (H, W): vessels wider than about two pixels of a 512-pixel frame.
    disc : tuple of float
        (row, column, radius) in pixels.
    fovea : tuple of float
        (row, column) in pixels.
    """

    pixels: NDArray[np.uint8]
    lesions: NDArray[np.uint16]
    kinds: dict[int, str]
    field: NDArray[np.bool_]
    vessels: NDArray[np.bool_]
    disc: tuple[float, float, float]
    fovea: tuple[float, float]


def draw_frame(
    seed: int = SAMPLE_SEED,
    size: int = 1024,
    phase: str = "late",
    leakage: Sequence[str] | None = None,
    look_alikes: float = 1.0,
) -> DrawnFrame:
    """Draw a fluorescein angiogram.

    Parameters
    ----------
    seed : int
        The eye: the same seed gives the same vessels and the same leaks, early or
        late, at every size as far as pixels allow.
    size : int
        Side of the square frame in pixels, at least 64.
    phase : {"early", "late"}
        Early: crisp vessels on a dark ground, little leakage. Late: vessels fade, the
        disc stains, leakage has grown and blurred.
    leakage : sequence of str, optional
        Kinds of leakage, one leak for each time a kind is named; empty for a frame
        without leakage. By default the seed decides.
    look_alikes : float
        How often bright things that are no leakage are added; 0 for none.

    Returns
    -------
    DrawnFrame
        With an exact mask; where a leak ends is said in `drawing.compose`.

    Raises
    ------
    ValueError
        For an unknown phase or kind, or a size below 64 pixels.
    """
    if phase not in PHASES:
        raise ValueError(f"phase must be one of {', '.join(PHASES)}, not {phase!r}")
    if size < _SMALLEST_SIDE:
        raise ValueError(f"size must be at least {_SMALLEST_SIDE} pixels, not {size}")
    if leakage is not None and (unknown := set(leakage) - set(KINDS)):
        raise ValueError(f"unknown kinds of leakage: {', '.join(sorted(unknown))}")
    look = PHASES[phase]
    # One stream for each part: what one part draws must not move the others.
    streams = [np.random.default_rng((seed, part)) for part in range(7)]
    canvas, fovea = _place_eye(size, streams[0])
    field, lamp = round_field(canvas.shape, streams[1])
    middle = abs((size / 2 - canvas.col) / canvas.scale)
    branches = grow_tree(streams[2], _in_disc_diameters(canvas, fovea), middle + 3.2)
    dye, calibre, distance = paint_tree(branches, canvas, look.arteries, look.vessels)
    retina = draw_retina(canvas, fovea, look, distance, streams[3])
    # Walls are never sharper than the optics of the eye.
    dye = ndimage.gaussian_filter(dye, 0.35 * size / 512)
    picture = np.asarray(retina + _FULL * dye * (1 - retina / 400), np.float32)
    scene = Scene(
        grey=picture,
        field=field,
        background=retina,
        vesselness=np.minimum(dye, 1),
        distance=distance,
        paths=_paths(branches, canvas),
        disc=(canvas.row, canvas.col, canvas.scale / 2),
        fovea=fovea,
        depth=depth_of(field),
    )
    marks = draw_look_alikes(scene, streams[4], look_alikes)
    light, lesions, kinds = _leakage(scene, streams[5], leakage, phase)
    shown = add_light(np.clip(picture + marks, 0, 255), light)
    blur = look.blur * scene.unit
    return DrawnFrame(
        pixels=expose(shown, lamp, blur, streams[6]),
        lesions=lesions,
        kinds=kinds,
        field=field,
        vessels=(calibre > 0) & field,
        disc=(canvas.row, canvas.col, canvas.scale / 2),
        fovea=fovea,
    )


def _place_eye(
    size: int, rng: np.random.Generator
) -> tuple[Canvas, tuple[float, float]]:
    """Choose a right or left eye and how the camera was pointed."""
    temporal = 1 if rng.random() < 0.5 else -1
    scale = size * rng.uniform(0.098, 0.112)
    row = size * rng.uniform(0.45, 0.54)
    col = size * (0.5 - temporal * rng.uniform(0.23, 0.29))
    fovea = (
        row + scale * rng.uniform(0.05, 0.4),
        col + temporal * scale * rng.uniform(2.5, 2.8),
    )
    return Canvas((size, size), row, col, scale, temporal), fovea


def _in_disc_diameters(
    canvas: Canvas, fovea: tuple[float, float]
) -> tuple[float, float]:
    """Give the fovea as (x, y) from the disc."""
    return (
        abs(fovea[1] - canvas.col) / canvas.scale,
        (fovea[0] - canvas.row) / canvas.scale,
    )


def _paths(branches: list[Branch], canvas: Canvas) -> tuple[Floats, ...]:
    """Centrelines inside the picture, a point per pixel, as `Scene` has them."""
    paths = []
    for branch in branches:
        points = canvas.pixels(branch.points)
        many = max(2, int(np.hypot(*np.diff(points, axis=0).T).sum()))
        at = np.linspace(0, len(points) - 1, many)
        steps = np.arange(len(points))
        columns = (points[:, 0], points[:, 1], branch.radii * canvas.scale)
        path = np.column_stack([np.interp(at, steps, c) for c in columns])
        inside = (path[:, :2] >= 0).all(1) & (path[:, 0] < canvas.shape[0] - 1)
        inside &= path[:, 1] < canvas.shape[1] - 1
        if inside.sum() >= 12 and branch.radii[0] > 0.012:
            paths.append(path[inside].astype(np.float32))
    return tuple(paths)


def _leakage(
    scene: Scene,
    rng: np.random.Generator,
    leakage: Sequence[str] | None,
    phase: str,
) -> tuple[Floats, NDArray[np.uint16], dict[int, str]]:
    """Draw the leaks of an eye; an early frame shows the cores of the late ones."""
    if leakage is None:
        leakage = _typical(rng)
    draw: dict[str, Callable[[np.random.Generator], Leak | None]] = {
        PERIVASCULAR: lambda r: leaks.perivascular(
            scene, r, r.uniform(45, 95), r.uniform(2.5, 5)
        ),
        CAPILLARY: lambda r: leaks.capillary(
            scene, r, r.uniform(35, 80), r.uniform(3, 6), radius=r.uniform(20, 60)
        ),
        DISC: lambda r: leaks.disc(scene, r, r.uniform(40, 80), r.uniform(3, 6)),
        MACULAR: lambda r: leaks.macular(scene, r, r.uniform(45, 85), r.uniform(2, 4)),
        NEOVASCULAR: lambda r: leaks.neovascular(
            scene, r, r.uniform(110, 210), r.uniform(2, 4)
        ),
    }
    made: list[Leak] = []
    # A stream for each leak, so that naming one more leaves the others in place.
    for kind, seed in zip(leakage, rng.spawn(len(leakage)), strict=True):
        leak = draw[kind](seed)
        if leak is not None:
            made.append(_younger(leak, scene.unit) if phase == "early" else leak)
    return lay_out(scene, made)


def _typical(rng: np.random.Generator) -> list[str]:
    """Kinds of leakage of one patient, most often several of a few kinds."""
    chances = {PERIVASCULAR: 2.2, CAPILLARY: 1.5, NEOVASCULAR: 1.2}
    named = [k for k, mean in chances.items() for _ in range(rng.poisson(mean))]
    named += [MACULAR] * int(rng.random() < 0.4) + [DISC] * int(rng.random() < 0.3)
    return named


def _younger(late: Leak, unit: float) -> Leak:
    """Show a leak as it was minutes before: only its brightest core, and fainter."""
    glow = ndimage.gaussian_filter(late.light, 2.5 * unit)
    core = soften(glow / max(float(glow.max()), 1e-6) - 0.62, 0.12)
    return replace(late, outline=late.outline * core, light=0.6 * late.light * core)
