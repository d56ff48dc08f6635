from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.finetune import finetune
from mae_sam2_training.synthesis import draw_into
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def study(real_data: Path, tmp_path: Path) -> Path:
    """A study of 8 real normal frames with bright leakage drawn in, 512 pixels."""
    folder = tmp_path / "study"
    made = Study.create(folder)
    rng = np.random.default_rng(0)
    for path in list_frames(real_data / "huapu4_FFA" / "diag_normal")[:8]:
        grey = Image.fromarray(as_grey8(read_frame(path).pixels)).resize((512, 512))
        drawn = draw_into(np.asarray(grey), rng, contrast=(60.0, 110.0), empty=0.0)
        sha256 = pixel_sha256(drawn.pixels)
        frame = Frame(drawn.pixels, path.stem, None, sha256)
        made.save_revision(frame, drawn.lesions, grader="test", parent=None)
    return folder


@pytest.mark.slow
@pytest.mark.real_data
def test_one_round_on_eight_labels_raises_held_out_dice(
    study: Path, base_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "round-1.safetensors"
    finetune(
        study,
        out,
        weights=base_weights,
        overrides=[
            "loop.steps=30",
            "loop.validate_every=30",
            "train.views=1",
            "validation.lesions=3",
        ],
    )
    metrics = load_model(out).card.metrics
    told = json.dumps(metrics, indent=1)
    assert metrics["dice"] >= metrics["parent_dice"] + 0.10, told
    free = metrics["dice_prompt_free"], metrics["parent_dice_prompt_free"]
    assert free[0] >= free[1] + 0.10, told
