"""Put leaks and look-alikes into a frame, and say exactly where the leakage ends.

Where a leak ends. A leak's outline falls softly from 1 inside to 0 outside. The mask
holds the pixels whose outline is at least `BORDER` (0.4), a little below half of the
local height, because graders outline generously. Texture inside a leak (ferns, petals,
clouds) does not make holes in its mask; gaps in the outline do, where they are wider
than a grader would paint over. Lesions are the 8-connected parts of all masks together:
leaks that touch are one lesion, of the kind that covers most of it. Parts smaller than
`SMALLEST` pixels (of a 512-pixel frame) are taken out of the picture too, so that no
unlabelled leakage stays behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.leak import BORDER
from napari_mae_sam2.fa.drawing.scene import KINDS, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.leak import Leak

    Floats = NDArray[np.float32]

SMALLEST = 12  # pixels of a 512-pixel frame
PINHOLE = 40  # pixels of a 512-pixel frame: smaller holes are painted over
_TOUCHING = np.ones((3, 3), bool)


def add_light(grey: Floats, light: Floats) -> Floats:
    """Add fluorescence as a camera sees it, in place of a plain sum.

    A vessel that is bright already gains less than dark retina, so that it partly
    shows through; strong light still saturates at 255.

    Parameters
    ----------
    grey, light : ndarray
        float32 (H, W), grey levels of 255; light may be negative.

    Returns
    -------
    ndarray
        float32 (H, W), 0 to 255.
    """
    return np.clip(grey + light * (1 - 0.55 * grey / 255), 0, 255)


def lay_out(
    scene: Scene, leaks: Sequence[Leak]
) -> tuple[Floats, NDArray[np.uint16], dict[int, str]]:
    """Sum the light of all leaks and label their lesions.

    Parameters
    ----------
    scene : Scene
        The surveyed frame.
    leaks : sequence of Leak
        What to draw.

    Returns
    -------
    light : ndarray
        float32 (H, W), grey levels to add; 0 outside the field.
    lesions : ndarray
        uint16 (H, W), 0 background, 1..N lesions from top to bottom.
    kinds : dict
        Lesion id to kind, one entry for each of 1..N.
    """
    shape = scene.grey.shape
    light = np.zeros(shape, np.float32)
    best = np.zeros(shape, np.float32)
    kind_of = np.zeros(shape, np.uint8)
    for leak in leaks:
        part = leak.window
        # Where leaks overlap the brighter one is seen, not their sum.
        light[part] = np.maximum(light[part], leak.light)
        ahead = leak.outline > best[part]
        best[part][ahead] = leak.outline[ahead]
        kind_of[part][ahead] = KINDS.index(leak.kind)
    inside = np.clip(scene.depth / (2 * scene.unit), 0, 1)
    light *= inside
    mask = (best >= BORDER) & scene.field
    mask = _fill_pinholes(mask, PINHOLE * scene.unit**2) & scene.field
    labels, count = ndimage.label(mask, _TOUCHING)
    if count == 0:
        return np.zeros(shape, np.float32), np.zeros(shape, np.uint16), {}
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    small = areas < SMALLEST * scene.unit**2
    small[0] = False
    if small.any():
        light *= hide(small[labels], scene.unit)
    names = np.zeros(count + 1, np.uint16)
    kept = np.flatnonzero(~small)[1:]
    names[kept] = np.arange(1, len(kept) + 1)
    lesions = names[labels]
    light *= _reached_from(lesions > 0, best > 0)
    votes = np.bincount(
        lesions.ravel().astype(np.int64) * len(KINDS) + kind_of.ravel(),
        minlength=(len(kept) + 1) * len(KINDS),
    ).reshape(-1, len(KINDS))
    kinds = {i: KINDS[int(votes[i].argmax())] for i in range(1, len(kept) + 1)}
    return light, lesions, kinds


def _fill_pinholes(mask: NDArray[np.bool_], smallest: float) -> NDArray[np.bool_]:
    """Fill holes of less than `smallest` pixels."""
    gaps, count = ndimage.label(~mask)
    small = np.bincount(gaps.ravel(), minlength=count + 1) < smallest
    return np.asarray(mask | small[gaps], np.bool_)


def _reached_from(
    lesions: NDArray[np.bool_], lit: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Lit pixels that hang together with a lesion; other light is too faint to keep."""
    parts, count = ndimage.label(lit)
    kept = np.bincount(parts[lesions], minlength=count + 1) > 0
    kept[0] = False
    return np.asarray(kept[parts], np.bool_)


def hide(unwanted: NDArray[np.bool_], unit: float) -> Floats:
    """Give weights that take the light of unwanted specks away, softly around them.

    Parameters
    ----------
    unwanted : ndarray
        bool (H, W).
    unit : float
        Pixels for each pixel of a 512-pixel frame.

    Returns
    -------
    ndarray
        float32 (H, W), 0 to 1.
    """
    reach = max(2, round(3 * unit))
    wide = ndimage.binary_dilation(unwanted, _TOUCHING, iterations=reach)
    soft = ndimage.uniform_filter(wide.astype(np.float32), reach)
    return np.asarray(np.clip(1 - 1.6 * soft, 0, 1), np.float32)
