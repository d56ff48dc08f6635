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


def make_weights(path: Path, seed: int) -> Path:
    """SAM 2 tiny with fresh weights for inputs of 64 pixels: quick, and real."""
    torch.manual_seed(seed)
    model = build_model(Architecture("tiny"), image_size=64)
    card = ModelCard(architecture="tiny", image_size=64, name=f"<b>seed {seed}</b>")
    save_checkpoint(path, model, card)
    return path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("weights")
    first = make_weights(folder / "first.safetensors", 0)
    return first, make_weights(folder / "second.safetensors", 1)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Four frames of three patients with bright squares, one of them without any."""
    rng = np.random.default_rng(0)
    lines = ["image,mask,patient"]
    for n in range(4):
        mask = np.zeros((96, 96), np.uint8)
        for row, column in rng.integers(5, 70, (n, 2)):
            mask[row : row + 16, column : column + 16] = 255
        pixels = rng.integers(20, 60, (96, 96), np.uint8) + mask // 2
        name = f"{n} <script>x</script>".replace("/", "") if n == 2 else str(n)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        Image.fromarray(mask).save(tmp_path / f"{n}.mask.png")
        lines.append(f"{name}.png,{n}.mask.png,P{min(n, 2)}")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines))
    return path
