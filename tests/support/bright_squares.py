"""Noisy frames with bright squares, whose masks they are, and a manifest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def write_manifest(folder: Path, frames: dict[str, str]) -> Path:
    """Write a frame for each name and patient; the n-th has n squares, from none on."""
    rng = np.random.default_rng(0)
    lines = ["image,mask,patient"]
    for n, (name, patient) in enumerate(frames.items()):
        mask = np.zeros((96, 96), np.uint8)
        for row, column in rng.integers(5, 70, (n, 2)):
            mask[row : row + 16, column : column + 16] = 255
        pixels = rng.integers(20, 60, (96, 96), np.uint8) + mask // 2
        Image.fromarray(pixels).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"{n}.mask.png")
        lines.append(f"{name}.png,{n}.mask.png,{patient}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines))
    return path
