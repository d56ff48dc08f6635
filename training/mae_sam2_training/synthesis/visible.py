"""What is too faint to be seen is taken out of a drawn frame again.

A leak over a bright vessel, or in retina that is bright already, may gain so little
that no grader could outline it. Labelled it would teach to guess, and left in the
picture without a label it would be leakage that is called background: so neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.drawing.compose import add_light, hide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Lesions = NDArray[np.uint16]

_TOUCHING = np.ones((3, 3), bool)


def drop_unseen(
    base: Floats,
    light: Floats,
    lesions: Lesions,
    kinds: dict[int, str],
    least: float,
    unit: float,
) -> tuple[Floats, Lesions, dict[int, str]]:
    """Take lesions that gain less than `least` out of light and labels.

    Parameters
    ----------
    base, light : ndarray
        float32 (H, W): the frame before the leaks, and their light, in grey levels.
    lesions : ndarray
        uint16 (H, W): 1 to N.
    kinds : dict
        Lesion id to kind.
    least : float
        Mean grey levels that a lesion must gain.
    unit : float
        Pixels for each pixel of a 512-pixel frame.

    Returns
    -------
    tuple
        Light, lesions (numbered without gaps) and kinds, of those that are seen.
    """
    gained = gains(base, light, lesions, list(kinds))
    faint = [number for number, gain in gained.items() if gain < least]
    if not faint:
        return light, lesions, kinds
    unseen = np.isin(lesions, faint)
    kept = [number for number in kinds if number not in faint]
    new = np.zeros(len(kinds) + 1, np.uint16)
    new[kept] = np.arange(1, len(kept) + 1)
    lesions = new[lesions]
    # the glow around them goes too, softly where it meets that of another lesion
    parts, count = ndimage.label(light > 0, _TOUCHING)
    seen = np.bincount(parts[lesions > 0], minlength=count + 1) > 0
    light = light * hide(unseen, unit) * seen[parts]
    return light, lesions, {int(new[number]): kinds[number] for number in kept}


def gains(
    base: Floats, light: Floats, lesions: Lesions, numbers: list[int]
) -> dict[int, float]:
    """Give the mean grey levels by which each lesion is raised."""
    if not numbers:
        return {}
    rise = add_light(base, light) - base
    means = ndimage.mean(rise, lesions, index=numbers)
    return {number: float(mean) for number, mean in zip(numbers, means, strict=True)}
