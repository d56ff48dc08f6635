"""What the real weights find of small lesions on an ultra-widefield frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_mae_sam2.annotate.looking import choose_close_up
from napari_mae_sam2.fa.close_up import CloseUp, close_up_around
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.weights import packaged_weights

if TYPE_CHECKING:
    from napari_mae_sam2.model.embedding import FrameEmbedding

SHAPE = (3000, 4000)
LESIONS = [(1700, 2500), (1300, 2300)]
DIAMETER = 20


def draw() -> tuple[np.ndarray, list[np.ndarray]]:
    """A frame of 4000 x 3000 with round leaks of 20 pixels, and their masks."""
    drawn = draw_frame(seed=5, size=750, leakage=[], look_alikes=0)
    grey = np.zeros(SHAPE, np.float32)
    grey[:, 500:3500] = ndimage.zoom(drawn.pixels.astype(np.float32), 4, order=1)
    rows, columns = np.indices(SHAPE, np.float32)
    masks = []
    for row, column in LESIONS:
        away = np.hypot(rows - row, columns - column)
        grey += 90 * np.clip((DIAMETER / 2 + 2 - away) / 4, 0, 1)
        masks.append(away <= DIAMETER / 2)
    grey += np.random.default_rng(0).normal(0, 4, SHAPE)
    return np.clip(grey, 0, 255).astype(np.uint8), masks


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.slow
def test_one_click_at_full_resolution_is_far_better_than_on_the_whole_frame() -> None:
    pixels, masks = draw()
    predictor = Sam2Predictor(load_model(packaged_weights()), device="cpu")

    def click(
        embedding: FrameEmbedding, area: CloseUp, place: tuple[int, int]
    ) -> np.ndarray:
        prompts = Prompts(np.array([place], np.float32), np.ones(1, np.int8))
        answer = predictor.decode(embedding, prompts.on(area)).placed(area, SHAPE)
        return answer.mask().on(SHAPE)

    whole = predictor.encode(pixels)
    for place, mask in zip(LESIONS, masks, strict=True):
        seen = close_up_around((place[0] + 60, place[1] - 90), 700, SHAPE)
        close_up = choose_close_up(seen, SHAPE, predictor.image_size)
        assert close_up is not None
        part = predictor.encode(pixels[close_up.region])
        at_full_resolution = iou(click(part, close_up, place), mask)
        on_the_whole = iou(click(whole, CloseUp.whole(SHAPE), place), mask)
        assert at_full_resolution > max(0.65, on_the_whole + 0.2)
