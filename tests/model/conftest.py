from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model
from napari_mae_sam2.model.predictor import Sam2Predictor

if TYPE_CHECKING:
    from pathlib import Path

    from sam2.modeling.sam2_base import SAM2Base


@pytest.fixture(scope="session")
def base_model(base_weights: Path) -> LoadedModel:
    """The float32 base model at 1024; do not change it."""
    return load_model(base_weights)


@pytest.fixture(scope="session")
def base_predictor(base_model: LoadedModel) -> Sam2Predictor:
    return Sam2Predictor(base_model, device="cpu")


@pytest.fixture(scope="session")
def fresh_model() -> SAM2Base:
    """SAM 2.0 tiny with random weights at a small size; do not change it."""
    return build_model(Architecture("tiny"), image_size=128)
