from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from small_model import save_small_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_model(tmp_path_factory.mktemp("weights") / "a.safetensors", 0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    return tmp_path / "home"


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames  مريض"
    folder.mkdir()
    for seed in range(5):
        pixels = np.random.default_rng(seed).integers(0, 256, (50, 60)).astype("u1")
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return folder
