from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.metrics import dice, iou, outline_agreement


def square(top: int, left: int, side: int = 20) -> np.ndarray:
    mask = np.zeros((64, 80), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_overlap_of_shifted_squares() -> None:
    one, other = square(10, 10), square(10, 15)  # 15 of 20 columns shared
    assert dice(one, other) == pytest.approx(0.75)
    assert iou(one, other) == pytest.approx(0.6)


def test_nothing_agrees_with_nothing() -> None:
    nothing = np.zeros((64, 80), bool)
    assert dice(nothing, nothing) == iou(nothing, nothing) == 1
    assert dice(nothing, square(0, 0)) == iou(square(0, 0), nothing) == 0
    assert outline_agreement(nothing, nothing, 2) == (0, 1)


def test_a_missed_lesion_is_as_far_as_the_frame_is_large() -> None:
    nothing = np.zeros((64, 80), bool)
    hd95, surface = outline_agreement(nothing, square(3, 3), 2)
    assert hd95 == pytest.approx(np.hypot(64, 80))
    assert surface == 0


def test_outlines_of_shifted_squares() -> None:
    hd95, surface = outline_agreement(square(10, 10), square(10, 15), 5)
    assert hd95 == pytest.approx(5)
    assert surface == 1
    # less tolerant, only the shared stretches of the horizontal sides agree
    _, strict = outline_agreement(square(10, 10), square(10, 15), 1)
    assert 0.4 < strict < 0.6


def test_outlines_at_the_edge_of_the_frame_count() -> None:
    hd95, surface = outline_agreement(square(0, 0), square(0, 0), 1)
    assert (hd95, surface) == (0, 1)
