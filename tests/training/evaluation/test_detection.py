from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.evaluation.calibration import reliability, together
from mae_sam2_training.evaluation.detection import detect


def frame() -> np.ndarray:
    lesions = np.zeros((50, 60), np.uint16)
    lesions[5:15, 5:15] = 1  # 100 pixels
    lesions[30:45, 30:50] = 2  # 300 pixels
    lesions[0, 59] = 3  # too small to count
    return lesions


def test_found_and_right_by_the_share_that_overlaps() -> None:
    answer = np.zeros((50, 60), bool)
    answer[5:8, 5:15] = True  # 30 % of lesion 1, all of it right
    answer[30:33, 30:50] = True  # 20 % of lesion 2
    answer[20:28, 0:10] = True  # nothing there
    answer[48, 0] = True  # too small to count
    found = detect(answer, frame(), 0.25, 20)
    assert found.lesions == (2, 1)  # the largest first
    assert found.found == (False, True)
    assert (found.pieces, found.right) == (3, 2)
    both = detect(answer, frame(), 0.2, 20)
    assert both.found == (True, True)


def test_a_piece_is_right_from_a_share_on() -> None:
    answer = np.zeros((50, 60), bool)
    answer[5:15, 10:30] = True  # 50 of 200 pixels on lesion 1
    assert detect(answer, frame(), 0.25, 20).right == 1
    assert detect(answer, frame(), 0.26, 20).right == 0


def test_touching_pieces_are_what_accepting_them_would_give() -> None:
    lesions = frame()
    answer = np.zeros((50, 60), bool)
    answer[10:20, 10:20] = True
    answer[30:33, 30:50] = True
    touching = detect(answer, lesions, 0.25, 20).touching(lesions == 1)
    assert touching.sum() == 100
    assert touching[19, 19]
    assert not touching[31, 31]


def test_nothing_called_and_nothing_there() -> None:
    nothing = detect(np.zeros((9, 9), bool), np.zeros((9, 9), np.uint16), 0.25, 20)
    assert (nothing.lesions, nothing.pieces, nothing.right) == ((), 0, 0)


def test_calibration_of_known_probabilities() -> None:
    # 100 pixels at probability 0.8 of which 60 leak; the border is not asked
    logits = np.full((10, 20), np.log(4), np.float32)
    leakage = np.zeros((10, 20), bool)
    leakage[:6, :10] = True
    field = np.zeros((10, 20), bool)
    field[:, :10] = True
    one = reliability(logits, leakage, field, 10)
    assert one.error == pytest.approx(0.2, abs=1e-6)
    probability, share = one.curve()
    assert probability == pytest.approx([0.8])
    assert share == pytest.approx([0.6])
    # another frame errs the other way, and both together are right
    other = reliability(logits, ~leakage | field, field, 10)
    assert other.error == pytest.approx(0.2, abs=1e-6)
    assert together([one, other]).error == pytest.approx(0, abs=1e-6)


def test_extreme_logits_do_not_overflow() -> None:
    logits = np.array([[-1e4, 1e4]], np.float32)
    sure = np.array([[False, True]])
    assert reliability(logits, sure, np.ones((1, 2), bool), 10).error < 1e-6
