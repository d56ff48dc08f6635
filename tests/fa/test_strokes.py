from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.strokes import deep_inside, enclosed, spread_along


def test_the_places_spread_over_the_whole_line():
    line = np.array([(10, 0), (10, 100)])
    places = spread_along(line, 3, 5)
    assert sorted(places) == [(10, 0), (10, pytest.approx(50, abs=1)), (10, 100)]


def test_a_line_to_and_fro_is_covered_without_doubling():
    line = np.array([(0, 0), (0, 60), (4, 60), (4, 0), (40, 0)])
    places = np.array(spread_along(line, 8, 10))
    gaps = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(len(places), dtype=bool)].min() >= 10
    assert any(np.hypot(*(place - (40, 0))) < 10 for place in places)


def test_a_short_line_says_one_thing():
    (place,) = spread_along(np.array([(5, 5), (7, 9)]), 6, 8)
    assert place == (pytest.approx(6, abs=0.5), pytest.approx(7, abs=0.5))
    assert spread_along(np.array([(5.0, 5.0)]), 6, 8) == [(5.0, 5.0)]


def test_a_closed_line_is_filled():
    line = np.array([(10, 10), (10, 30), (20, 30), (20, 10)])
    top, left, mask = enclosed(line, (60, 60))
    assert (top, left) == (10, 10)
    assert mask.shape == (11, 21)
    assert mask.all()


def test_a_line_that_leaves_the_frame_is_cut_off():
    line = np.array([(-10, -10), (-10, 30), (20, 30), (20, -10)])
    top, left, mask = enclosed(line, (60, 60))
    assert (top, left) == (0, 0)
    assert mask.shape == (21, 31)
    outside = enclosed(line + 500, (60, 60))
    assert outside[2].shape == (0, 0)


def test_the_first_pixel_is_the_deepest_and_the_next_lies_far_from_it():
    mask = np.zeros((40, 90), bool)
    mask[0:40, 0:40] = True  # its own edge is the mask's edge
    mask[15:25, 40:90] = True
    first, second = deep_inside(mask, 2, 5)
    assert first == (pytest.approx(19.5, abs=1), pytest.approx(19.5, abs=1))
    assert mask[second]
    assert np.hypot(first[0] - second[0], first[1] - second[1]) > 15


def test_a_small_mask_has_one_place_and_an_empty_one_none():
    assert deep_inside(np.ones((3, 3), bool), 4, 5) == [(1, 1)]
    assert deep_inside(np.zeros((3, 3), bool), 4, 5) == []
    assert deep_inside(np.zeros((0, 0), bool), 4, 5) == []
