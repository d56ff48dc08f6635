from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.model.prediction import NO_LEAKAGE, Prediction

SHAPES = [(60, 80), (64, 64), (301, 173), (20, 500), (17, 9)]


def predict(seed: int = 0, shape=(0, 0), area=None, side: int = 32) -> Prediction:
    rng = np.random.default_rng(seed)
    grid = rng.normal(-3, 2, (2, side, side)).astype(np.float32)
    scores, low = np.array([0.9, 0.5], np.float32), np.zeros((2, 256, 256), np.float32)
    return Prediction(grid, scores, low, shape, area or CloseUp(0, 0, 0, 0))


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_are_interpolated_as_sam_2_does_it(shape) -> None:
    answer = predict(shape=shape)
    expected = interpolate(torch.from_numpy(answer.grid)[None], shape, mode="bilinear")
    np.testing.assert_allclose(answer.logits, expected[0].numpy(), atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threshold", [-3.0, 0.0, 1.0])
def test_the_mask_is_that_of_all_pixels(shape, threshold) -> None:
    for seed in range(20):
        answer = predict(seed, shape, side=12)
        mask = answer.mask(1, threshold)
        expected = answer.logits[1] > threshold
        np.testing.assert_array_equal(mask.on(shape), expected)
        assert mask.area == expected.sum()
        # Nothing is kept that is not needed.
        if mask.area:
            assert mask.mask[0].any()
            assert mask.mask[:, -1].any()


def test_a_grid_of_the_frame_s_size_is_the_frame() -> None:
    answer = predict()
    np.testing.assert_array_equal(answer.logits, answer.grid)


def test_an_answer_on_a_part_lies_where_the_part_is() -> None:
    area = CloseUp(10, 30, 26, 62)
    alone = predict(shape=area.shape)
    answer = alone.placed(area, (60, 80))
    np.testing.assert_array_equal(answer.logits[:, 10:26, 30:62], alone.logits)
    outside = np.ones((60, 80), bool)
    outside[area.region] = False
    assert (answer.logits[:, outside] == NO_LEAKAGE).all()
    np.testing.assert_array_equal(answer.mask(0).on((60, 80)), answer.logits[0] > 0)
    part = CloseUp(5, 40, 20, 70)
    np.testing.assert_array_equal(
        answer.logits_on(0, part), answer.logits[0][part.region]
    )


def test_no_leakage_is_no_pixels() -> None:
    answer = predict()
    mask = answer.mask(0, 100.0)
    assert mask.area == 0
    assert not mask.on((32, 32)).any()
