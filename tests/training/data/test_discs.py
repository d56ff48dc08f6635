"""Discs to put a box around: asked for with boxes alone, never as leakage."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from mae_sam2_training.data.augment import AugmentConfig, CropConfig, training_view
from mae_sam2_training.data.discs import DiscSource
from mae_sam2_training.finetune_config import FinetuneConfig
from mae_sam2_training.finetune_task import FinetuneTask
from mae_sam2_training.losses import LossConfig
from mae_sam2_training.session import Session
from mae_sam2_training.views import Shown
from napari_mae_sam2.model.architectures import Architecture, build_model

if TYPE_CHECKING:
    from mae_sam2_training.engine.run import Run


class OneDisc:
    """A gallery of one disc."""

    def __len__(self) -> int:
        return 1

    def show(
        self, index: int, rng: np.random.Generator, side: int | None = None
    ) -> Shown:
        frame = DiscSource(1).frame(0, rng)
        view = training_view(frame, CropConfig(probability=0), AugmentConfig(), rng)
        seen = torch.zeros(1, 3, 64, 64)
        return Shown(
            view.name, view.shape, view.lesions, seen, view.complete, boxed=view.boxed
        )


def test_a_disc_is_round_and_lies_where_it_was_drawn() -> None:
    rng = np.random.default_rng(0)
    one, same = DiscSource(4).frame(1, rng), DiscSource(4).frame(1, rng)
    assert (one.pixels == same.pixels).all()
    assert one.boxed
    assert not one.complete
    rows, columns = np.nonzero(one.lesions)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
    assert len(rows) > 500
    assert (DiscSource(4).frame(2, rng).pixels != one.pixels).any()


def test_discs_are_asked_for_with_boxes_alone() -> None:
    config = FinetuneConfig.model_validate({"loop": {"batch": 8}})
    model = Session(build_model(Architecture("tiny"), image_size=64), LossConfig())
    gallery = OneDisc()
    task = FinetuneTask(model, gallery, gallery, config, cast("Run", None))
    kinds = {
        sample.kind for step in range(3) for sample in task.batch(step, 0, 1).samples
    }
    assert kinds == {"box"}
