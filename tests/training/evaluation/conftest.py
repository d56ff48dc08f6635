from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bright_squares import write_manifest
from small_model import save_small_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("weights")
    first, second = (
        save_small_model(folder / f"{n}.safetensors", n, name=f"<b>seed {n}</b>")
        for n in range(2)
    )
    return first, second


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Four frames of three patients with bright squares, one of them without any."""
    names = ("0", "1", "2 <script>x<script>", "3")
    return write_manifest(
        tmp_path, {name: f"P{min(n, 2)}" for n, name in enumerate(names)}
    )
