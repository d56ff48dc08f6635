"""Which real frames leakage may be drawn into without making the labels wrong.

A frame that already leaks teaches the model that leakage is background. Frames of the
development set were looked at one by one; `leaking_frames.txt` names those that leak
or may leak. Other frames are judged by `leak_score`, which is a hint, not a reading.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from mae_sam2_training.synthesis.surveying import survey
from napari_mae_sam2.fa.drawing.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

NOT_ANGIOGRAMS = "phase_nonFFA_IR_FAF"


def leaking_frames() -> frozenset[str]:
    """Return ``folder/name`` of the development frames that leak or may leak."""
    text = resources.files(__package__ or __name__).joinpath("leaking_frames.txt")
    lines = text.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def clean_frames(paths: Iterable[Path]) -> list[Path]:
    """Keep the frames that are safe to draw leakage into.

    Parameters
    ----------
    paths : iterable of Path
        Frames in their folders of the development set, or other frames.

    Returns
    -------
    list of Path
        In the given order, without those in `leaking_frames` and without infrared
        and autofluorescence pictures, which hold no dye (good negatives as they are).
    """
    known = leaking_frames()
    return [
        path
        for path in paths
        if f"{path.parent.name}/{path.name}" not in known
        and path.parent.name != NOT_ANGIOGRAMS
    ]


def leak_score(frame: NDArray[np.uint8] | Scene) -> float:
    """Share of the field that is bright, soft and no vessel: likely real leakage.

    Parameters
    ----------
    frame : ndarray or Scene
        uint8 (H, W), or its survey.

    Returns
    -------
    float
        0 to 1. On the development set, 0.01 and more mostly means leakage; faint
        leakage and leakage that only sheathes vessels is missed.
    """
    scene = frame if isinstance(frame, Scene) else survey(frame)
    deep = scene.depth > 12 * scene.unit
    if not deep.any():
        return 0.0
    unit = scene.unit
    level = scene.background
    # Wide vessels and the disc are bright too: look beside them, at lesion size.
    wide = ndimage.median_filter(level[::4, ::4], max(3, round(31 * unit)))
    excess = level[::4, ::4] - wide
    spread = float(np.median(np.abs(excess[deep[::4, ::4]]))) or 1.0
    bright = (excess > max(22.0, 6 * spread)) & deep[::4, ::4]
    if scene.disc is not None:
        row, col, radius = scene.disc
        rows, cols = np.ogrid[: bright.shape[0], : bright.shape[1]]
        bright &= np.hypot(4 * rows - row, 4 * cols - col) > 1.6 * radius
    return float(bright.sum() / deep[::4, ::4].sum())
