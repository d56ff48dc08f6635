"""New lesions get numbers also where somebody used the last one."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.numbering import NoNumberError, first_of, free_numbers
from napari_mae_sam2.annotate.review import find_patches
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.model.prediction import Prediction


def answer():
    """Three patches."""
    grid = np.full((1, 60, 80), -5, np.float32)
    grid[0, 0:4, 70:79] = 9.0
    grid[0, 5:15, 5:20] = grid[0, 30:50, 50:70] = 4.0
    low = np.zeros((1, 256, 256), np.float32)
    return Prediction(grid, np.array([0.8], np.float32), low)


def test_new_numbers_come_behind_the_last_one():
    assert free_numbers([]) == range(1, 65536)
    assert free_numbers([7, 2]) == range(8, 65536)


def test_where_little_is_left_behind_the_last_one_the_widest_gap_is_taken():
    assert free_numbers([3, 65535]) == range(4, 65535)
    assert free_numbers([10, 40000, 65000]) == range(11, 40000)
    assert free_numbers([30000, 65535]) == range(30001, 65535)


def test_numbers_end_with_a_sentence():
    assert first_of(free_numbers(range(1, 65535)), 1) == [65535]
    everything = free_numbers(range(1, 65536))
    assert not everything
    with pytest.raises(NoNumberError, match="at most 65535 lesions"):
        first_of(everything, 1)
    with pytest.raises(NoNumberError):
        first_of(range(5, 7), 3)


@pytest.fixture
def session(frame):
    """A case with a lesion that somebody numbered 65535."""
    labels = np.zeros(frame.shape, np.uint16)
    labels[58:60, 0:2] = 65535
    labels[58:60, 4:6] = 3
    return CaseSession(frame, labels)


def test_a_last_number_keeps_nobody_from_accepting(session):
    session.ask_for_everything()
    patches = find_patches(answer())
    session.take_prediction(session.draft, answer(), "m", "w", patches)
    assert session.accept_shown() == [4, 5, 6]
    assert session.lesion_numbers() == [3, 4, 5, 6, 65535]
    assert session.next_number() == 7
    session.undo()
    assert session.lesion_numbers() == [3, 65535]


def test_a_last_number_keeps_nobody_from_committing_patches(session):
    session.click(40, 60)
    session.take_prediction(session.draft, answer(), "m")
    assert session.commit_patches() == [4, 5, 6]
    assert session.labels[0, 71] == 4


def test_a_last_number_keeps_nobody_from_taking_a_lesion_apart(session):
    session.reopen(65535)
    session.click(40, 60)
    session.take_prediction(session.draft, answer(), "m")
    assert session.commit_patches() == [65535, 4, 5]
