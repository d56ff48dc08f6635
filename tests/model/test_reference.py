"""Our predictor against SAM2ImagePredictor, whose answers are stored.

`scripts/make_reference_masks.py` made them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from napari_mae_sam2.model.embedding import FrameEmbedding
    from napari_mae_sam2.model.predictor import Sam2Predictor

STORED = Path(__file__).parent / "data" / "reference_masks.npz"


def _cases() -> dict[str, list[tuple[int, dict[str, Any]]]]:
    with np.load(STORED) as stored:
        index = json.loads(str(stored["index"]))
    frames: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, case in enumerate(index):
        frames.setdefault(case["frame"], []).append((number, case))
    return frames


@pytest.fixture(scope="module", params=sorted(_cases()))
def frame_cases(
    request: pytest.FixtureRequest, real_data: Path, base_predictor: Sam2Predictor
) -> tuple[FrameEmbedding, list[tuple[int, dict[str, Any]]]]:
    cases = _cases()[request.param]
    pixels = read_frame(real_data / request.param).pixels
    assert pixel_sha256(pixels) == cases[0][1]["sha256"]
    return base_predictor.encode(pixels), cases


def test_masks_and_scores_equal_the_reference(
    frame_cases: tuple[FrameEmbedding, list[tuple[int, dict[str, Any]]]],
    base_predictor: Sam2Predictor,
) -> None:
    embedding, cases = frame_cases
    side = np.array(embedding.shape, np.float32)
    with np.load(STORED) as stored:
        for number, case in cases:
            points = np.array(case.get("points", []), np.float32).reshape(-1, 2) * side
            boxes = np.array(case.get("box", []), np.float32).reshape(-1, 2) * side
            before = stored[f"before{number}"] if case.get("again") else None
            prompts = Prompts(
                points=points,
                labels=np.array(case.get("labels", []), np.int8),
                boxes=boxes.reshape(-1, 4),
                mask=None if before is None else before.astype(np.float32),
            )
            answer = base_predictor.reference_answer(
                embedding, prompts, multimask=case["multimask"]
            )

            bits = np.unpackbits(stored[f"masks{number}"], count=answer.logits.size)
            expected = bits.reshape(case["shape"]).astype(bool)
            assert answer.logits.shape == expected.shape
            different = ((answer.logits > 0) != expected).mean()
            assert different < 1e-4, case
            np.testing.assert_allclose(
                answer.scores, stored[f"scores{number}"], atol=1e-4, err_msg=str(case)
            )
