from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _frame(name: str = "OD  late №1", seed: int = 0, dtype: str = "uint8") -> Frame:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 200, (40, 60)).astype(dtype)
    return Frame(pixels, name, None, pixel_sha256(pixels))


@pytest.fixture
def make_frame() -> Callable[..., Frame]:
    return _frame


@pytest.fixture
def frame() -> Frame:
    return _frame()


@pytest.fixture
def labels() -> np.ndarray:
    """Two lesions, the first with a hole."""
    labels = np.zeros((40, 60), np.uint16)
    labels[5:15, 5:15] = 1
    labels[8:11, 8:11] = 0
    labels[30:35, 40:50] = 7
    return labels


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")
