"""Tools that add to a lesion leave the others alone; the eraser takes any."""

from __future__ import annotations

import numpy as np
import pytest

FIRST = np.s_[5:15, 5:20]


@pytest.fixture
def with_lesion(at_work):
    """A grader who committed the bright patch at the top left."""
    at_work.click((10, 12))
    at_work.wait_for_proposal()
    at_work.press("C")
    assert (at_work.session.labels[FIRST] == 1).all()
    at_work.press("M")
    at_work.widget.layers.leakage.brush_size = 4
    return at_work


def across(grader):
    grader.drag([(10, 2), (10, 12), (10, 30)])


def test_a_new_lesion_is_painted_around_a_committed_one(with_lesion):
    across(with_lesion)
    labels = with_lesion.session.labels
    assert (labels[FIRST] == 1).all()
    assert labels[10, 3] == labels[10, 28] == 2


def test_a_polygon_goes_around_a_committed_one(with_lesion):
    with_lesion.press("3")
    for corner in ((2, 2), (2, 40), (22, 40), (22, 2)):
        with_lesion.click(corner)
    with_lesion.press("\r")
    with_lesion.settle(0.1)
    labels = with_lesion.session.labels
    assert (labels[FIRST] == 1).all()
    assert labels[18, 30] == 2


def test_the_eraser_takes_lesions_that_are_not_in_hand(with_lesion):
    across(with_lesion)
    with_lesion.press("E")
    across(with_lesion)
    assert not with_lesion.session.labels[10, 3:29].any()
    with_lesion.press("P")
    with_lesion.press("M")
    across(with_lesion)
    labels = with_lesion.session.labels
    assert (labels[10, 3:29] == 2).all()
    assert (labels[FIRST][0] == 1).all()


def test_label_0_in_hand_erases_too(with_lesion):
    with_lesion.widget.layers.leakage.selected_label = 0
    across(with_lesion)
    assert not with_lesion.session.labels[10, 3:29].any()
