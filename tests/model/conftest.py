from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model, save_checkpoint
from napari_mae_sam2.model.folders import HOME_VARIABLE
from napari_mae_sam2.model.predictor import Sam2Predictor

if TYPE_CHECKING:
    from collections.abc import Iterator
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


SMALL_SIDE = 128


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches of its own, and no encoder asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        patch.delenv("NAPARI_MAE_SAM2_ENCODER", raising=False)
        yield


@pytest.fixture(scope="module")
def small_loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """SAM 2.0 tiny with random weights at 128 pixels, from a file."""
    torch.manual_seed(0)
    model = build_model(Architecture("tiny"), image_size=SMALL_SIDE)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_checkpoint(path, model, ModelCard(architecture="tiny", image_size=SMALL_SIDE))
    return load_model(path)
