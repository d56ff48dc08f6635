from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models as small as these only wait for each other on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAM 2 tiny with fresh weights for inputs of 64 pixels: quick, and real."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    model = build_model(Architecture("tiny"), image_size=64)
    save_checkpoint(path, model, ModelCard(architecture="tiny", image_size=64))
    return path


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
