from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.checkpoints import fine_tuned, pre_trained
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import LoadedModel

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base


@pytest.fixture
def base() -> LoadedModel:
    card = ModelCard(architecture="tiny", licence="Apache-2.0", origin="Meta")
    return loaded(card, "base")


def loaded(card: ModelCard, fingerprint: str) -> LoadedModel:
    model: SAM2Base = None  # type: ignore[assignment]
    return LoadedModel(model, card, fingerprint, "encoder", Path("a.safetensors"))


def test_a_round_no_longer_says_what_was_true_of_its_parent(base: LoadedModel) -> None:
    notes = "The mask decoder has not followed yet."
    first = pre_trained(base, {"masked_loss": 0.5}, "frames", notes)
    assert (first.title, first.notes) == ("MAE-SAM2 tiny, pre-trained", notes)
    assert (first.parent, first.round) == ("base", 0)
    metrics = {"dice": 0.7, "dice_1_click": math.nan}
    second = fine_tuned(loaded(first, "first"), metrics, "labels")
    assert (second.title, second.notes) == ("MAE-SAM2 tiny, round 1", "")
    assert (second.parent, second.data_sha256) == ("first", "labels")
    assert second.metrics == {"dice": 0.7}
    assert (second.licence, second.origin) == ("Apache-2.0", "Meta")
