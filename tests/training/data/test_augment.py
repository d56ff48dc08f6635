from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.data.augment import (
    AugmentConfig,
    CropConfig,
    crop_window,
    training_view,
)
from mae_sam2_training.data.frames import LabelledFrame


@pytest.fixture
def frame() -> LabelledFrame:
    """A frame whose lesions are its only bright areas."""
    lesions = np.zeros((300, 400), np.uint16)
    lesions[40:60, 50:80], lesions[200:280, 200:330] = 1, 2
    pixels = np.where(lesions > 0, 200, 20).astype(np.uint8)
    return LabelledFrame("f", pixels, lesions)


def test_pixels_and_lesions_move_together(frame: LabelledFrame) -> None:
    config = AugmentConfig(noise=0, blur=0, gamma=0, gain=0)
    moved = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        view = training_view(frame, CropConfig(probability=0.5), config, rng)
        assert view.pixels.shape == (*view.shape, 3)
        bright, lesion = view.pixels[..., 0] > 110, view.lesions > 0
        moved += view.shape != frame.lesions.shape or (
            not np.array_equal(view.lesions, frame.lesions)
        )
        assert (bright != lesion).mean() < 0.01
        assert set(np.unique(view.lesions)) <= {0, 1, 2}
    assert moved > 8


def test_the_same_seed_gives_the_same_view(frame: LabelledFrame) -> None:
    views = [
        training_view(frame, CropConfig(), AugmentConfig(), np.random.default_rng(5))
        for _ in range(2)
    ]
    assert np.array_equal(views[0].pixels, views[1].pixels)
    assert np.array_equal(views[0].lesions, views[1].lesions)


def test_switched_off_nothing_changes(frame: LabelledFrame) -> None:
    view = training_view(
        frame,
        CropConfig(probability=0),
        AugmentConfig(enabled=False),
        np.random.default_rng(0),
    )
    assert np.array_equal(view.pixels[..., 0], frame.pixels)
    assert np.array_equal(view.lesions, frame.lesions)


def test_crops_find_small_lesions_as_often_as_large_ones(
    frame: LabelledFrame,
) -> None:
    rng = np.random.default_rng(0)
    config = CropConfig(probability=1, foreground=1, smallest=0.4, least_pixels=64)
    seen = np.zeros(3)
    for _ in range(100):
        rows, columns = crop_window(frame.lesions, config, rng)
        crop = frame.lesions[rows, columns]
        assert crop.shape[0] == crop.shape[1] <= 300
        seen[np.unique(crop)] += 1
    assert seen[1] > 40
    empty = np.zeros((100, 50), np.uint16)
    rows, columns = crop_window(empty, config, rng)
    assert empty[rows, columns].shape[0] <= 50
