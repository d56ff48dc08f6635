from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import LesionRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = ModelUsed(name="base", fingerprint="b" * 64)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and caches of their own for every test."""
    home = tmp_path / "home"
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(home))
    return home


def frame(number: int) -> tuple[Frame, np.ndarray]:
    """A noisy frame with a bright square, which is its lesion."""
    rng = np.random.default_rng(number)
    labels = np.zeros((96, 96), np.uint16)
    row, column = rng.integers(5, 70, 2)
    labels[row : row + 20, column : column + 20] = 3
    pixels = rng.integers(20, 60, (96, 96), np.uint8)
    pixels[labels > 0] += 120
    return Frame(pixels, f"frame {number}", None, pixel_sha256(pixels)), labels


def add_label(folder: Path, number: int, patient: str | None = None) -> str:
    """Add a labelled case to a study and give its id."""
    study = Study.open_or_create(folder)
    one, labels = frame(number)
    case = study.add_frame(one, patient=patient or f"P{number}")
    study.save_revision(
        one,
        labels,
        grader="test",
        parent=None,
        lesions=[LesionRecord(id=3, kind="macular")],
        statistics={"clicks": 4.0, "seconds": 30.0},
    )
    return case.id


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Six labelled cases of six patients."""
    folder = tmp_path / "study"
    for number in range(6):
        add_label(folder, number)
    return folder


@pytest.fixture
def label_more(study: Path) -> Callable[[int], str]:
    """Adds a further labelled case to the study."""
    return lambda number: add_label(study, number)
