from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mae_sam2_training.finetune import finetune
from mae_sam2_training.synthesis import draw_into
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.weights import packaged_weights
from napari_mae_sam2.study.folder import Study

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "huapu4_FFA"


def frames_without_leakage() -> list[np.ndarray]:
    """Give 8 normal frames of 512 pixels: real ones where they are, else drawn ones."""
    if not REAL.is_dir():
        return [draw_frame(seed=n, size=512, leakage=()).pixels for n in range(8)]
    paths = list_frames(REAL / "diag_normal")[:8]
    return [as_grey8(read_frame(path).pixels) for path in paths]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of 8 frames whose grader outlines what the packaged model does not know.

    Dark patches, as where capillaries are closed, of the shapes that leakage has.
    """
    folder = tmp_path / "study"
    made = Study.create(folder)
    rng = np.random.default_rng(0)
    for number, grey in enumerate(frames_without_leakage()):
        drawn = draw_into(grey, rng, contrast=(60.0, 110.0), empty=0.0, look_alikes=0)
        pixels = np.where(drawn.lesions > 0, grey // 4, grey)
        frame = Frame(pixels, f"frame {number}", None, pixel_sha256(pixels))
        made.save_revision(frame, drawn.lesions, grader="test", parent=None)
    return folder


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_one_round_on_eight_labels_raises_held_out_dice(
    study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "round-1.safetensors"
    finetune(
        study,
        out,
        weights=packaged_weights(),
        overrides=[
            "loop.steps=30",
            "loop.validate_every=30",
            "train.views=1",
            "validation.lesions=3",
        ],
    )
    metrics = load_model(out).card.metrics
    told = json.dumps(metrics, indent=1)
    print(told)
    assert metrics["dice"] >= metrics["parent_dice"] + 0.10, told
    free = metrics["dice_prompt_free"], metrics["parent_dice_prompt_free"]
    assert free[0] >= free[1] + 0.10, told
