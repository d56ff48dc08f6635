from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.clicks import (
    depth_inside,
    first_click,
    loose_box,
    next_click,
    rough_mask,
)


@pytest.fixture
def lesion() -> np.ndarray:
    mask = np.zeros((64, 64), bool)
    mask[10:31, 20:41] = True
    return mask


def test_the_ideal_grader_clicks_in_the_middle(lesion: np.ndarray) -> None:
    assert first_click(lesion) == (20, 30)


def test_a_person_clicks_inside_and_prefers_the_middle(lesion: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    clicks = [first_click(lesion, rng) for _ in range(200)]
    assert all(lesion[click] for click in clicks)
    assert len(set(clicks)) > 50
    depth = depth_inside(lesion)
    assert np.mean([depth[c] for c in clicks]) > depth[lesion].mean()


def test_depth_counts_the_border_of_the_image() -> None:
    assert depth_inside(np.ones((5, 5), bool))[2, 2] == 3


def test_nobody_clicks_into_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        first_click(np.zeros((8, 8), bool))


def test_corrections_hit_the_largest_error(lesion: np.ndarray) -> None:
    assert next_click(lesion, lesion) is None
    row, column, label = next_click(lesion, np.zeros_like(lesion)) or (0, 0, 0)
    assert (row, column, label) == (20, 30, 1)
    too_much = lesion.copy()
    too_much[45:60, 45:60] = True
    too_much[10:13, 20:23] = False  # a smaller error of the other kind
    row, column, label = next_click(lesion, too_much) or (0, 0, 1)
    assert (row, column, label) == (52, 52, 0)


def test_touching_errors_of_both_kinds_are_kept_apart(lesion: np.ndarray) -> None:
    shifted = np.roll(lesion, 8, axis=1)  # missing at the left, too much at the right
    for seed in range(20):
        click = next_click(lesion, shifted, np.random.default_rng(seed))
        assert click is not None
        row, column, label = click
        assert lesion[row, column] == bool(label) != shifted[row, column]


def test_boxes(lesion: np.ndarray) -> None:
    assert loose_box(lesion) == (10, 20, 30, 40)
    rng = np.random.default_rng(0)
    for _ in range(50):
        top, left, bottom, right = loose_box(lesion, rng, looseness=0.5)
        assert 0 <= top <= bottom < 64
        assert 0 <= left <= right < 64


def test_a_rough_mask_resembles_the_lesion(lesion: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        rough = rough_mask(lesion, rng)
        assert rough.dtype == np.float32
        both = ((rough > 0) & lesion).sum()
        assert both / ((rough > 0) | lesion).sum() > 0.2
    dot = np.zeros((64, 64), bool)
    dot[5, 5] = True
    assert np.isfinite(rough_mask(dot, rng)).all()
