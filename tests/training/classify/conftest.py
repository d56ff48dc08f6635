from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of five patients: dark, bright and striped frames."""
    folder = tmp_path_factory.mktemp("frames")
    rng = np.random.default_rng(0)
    lines = ["image,label,patient"]
    for n in range(15):
        label = ("dark", "late", "striped")[n % 3]
        pixels = rng.integers(20, 60, (72, 72), np.uint8)
        if label == "late":
            pixels += 150
        if label == "striped":
            pixels[::8] = 220
        Image.fromarray(pixels).save(folder / f"{n}.png")
        lines.append(f"{n}.png,{label},P{n}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines))
    return path
