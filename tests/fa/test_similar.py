from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.similar import (
    Likeness,
    alike_under_brush,
    brightness,
    disc_at,
    seed_value,
)


@pytest.fixture
def pixels():
    """Two bright bars, 160, on 60, ten columns apart."""
    frame = np.full((60, 80), 60, np.uint8)
    frame[:, 10:25] = 160
    frame[:, 35:50] = 160
    return frame


def dab(pixels, place, radius, so_far=None, tolerance=30.0, seed=160.0):
    so_far = np.zeros(pixels.shape[:2], bool) if so_far is None else so_far
    window, painted = alike_under_brush(
        brightness(pixels), Likeness(seed, tolerance), place, radius, so_far
    )
    whole = np.zeros(pixels.shape[:2], bool)
    whole[window] = painted
    return whole


def test_only_what_is_alike_and_under_the_brush_is_painted(pixels):
    painted = dab(pixels, (30, 22), 9)
    assert painted[30, 14:24].all()
    assert not painted[:, 26:].any()
    rows, columns = np.nonzero(painted)
    assert np.hypot(rows - 30, columns - 22).max() <= 9


def test_the_tolerance_decides_what_is_alike(pixels):
    assert dab(pixels, (30, 22), 9, tolerance=150)[30, 26:31].all()


def test_a_dab_does_not_leap_over_what_is_unlike(pixels):
    painted = dab(pixels, (30, 22), 20)
    assert not painted[:, 35:].any()
    # From its own centre it goes on.
    assert dab(pixels, (30, 37), 20, so_far=painted)[30, 37]


def test_a_dab_goes_on_from_the_stroke_even_where_its_centre_is_unlike(pixels):
    first = dab(pixels, (30, 22), 8)
    assert not dab(pixels, (30, 30), 8).any()
    assert dab(pixels, (30, 30), 8, so_far=first)[30, 23]


def test_the_seed_is_the_median_at_the_start(pixels):
    pixels[30, 17] = 255  # a grain
    seed = seed_value(brightness(pixels), (30, 17), 12, pixels.shape)
    assert seed == pytest.approx(160, abs=10)


def test_more_than_eight_bits_are_put_on_the_same_scale(pixels):
    deep = pixels.astype(np.uint16) * 200
    values = brightness(deep)((slice(20, 40), slice(0, 50)))
    assert values[10, 17] == pytest.approx(255, abs=3)
    assert values[10, 2] == pytest.approx(0, abs=3)
    colour = np.repeat(pixels[..., None], 3, axis=2)
    same = brightness(colour)((slice(20, 40), slice(0, 50)))
    assert np.allclose(same, brightness(pixels)((slice(20, 40), slice(0, 50))), atol=1)


def test_a_piece_has_the_values_that_it_has_in_the_whole(pixels):
    values = brightness(pixels)
    whole = values((slice(0, 60), slice(0, 80)))
    piece = values((slice(5, 9), slice(20, 30)))
    assert np.allclose(piece, whole[5:9, 20:30], atol=0.5)


def test_or_more_takes_what_is_surer():
    values = np.array([10, 90, 100, 250], np.float32)
    assert Likeness(100, 20).holds(values).tolist() == [False, True, True, False]
    assert Likeness(100, 20, or_more=True).holds(values).tolist() == [
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize("place", [(-50, 10), (30, 500), (-3, -3), (61, 82)])
def test_a_brush_beside_the_frame_paints_nothing_wrong(pixels, place):
    assert not dab(pixels, place, 5, seed=60)[5:, 5:55].any()
    window, disc = disc_at(place, 5, pixels.shape)
    assert np.zeros(pixels.shape)[window].shape == disc.shape
