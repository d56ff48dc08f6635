"""What lies outside the photographed field beyond doubt."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

from napari_mae_sam2.fa.outside import Outside


def circle(shape=(300, 400), radius=140, dtype=np.uint8, level=60):
    pixels = np.zeros(shape, dtype)
    rows, columns = disk((shape[0] / 2, shape[1] / 2), radius, shape=shape)
    pixels[rows, columns] = level
    return pixels


def at(pixels, row, column):
    place = np.array([row * pixels.shape[1] + column])
    return bool(Outside(pixels).of(place)[0])


@pytest.mark.parametrize("shape", [(300, 400), (1500, 2000)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_border_of_a_round_field_is_outside_and_the_field_is_not(shape, dtype):
    level = 60 if dtype is np.uint8 else 60 * 256
    pixels = circle(shape, 0.45 * shape[0], dtype, level)
    middle, edge = (shape[0] // 2, shape[1] // 2), round(0.44 * shape[0])
    assert at(pixels, 3, 3)
    assert at(pixels, middle[0], 3)
    assert not at(pixels, *middle)
    assert not at(pixels, middle[0] + edge, middle[1])


def test_colour_frames_and_burned_in_text_are_no_field():
    pixels = circle()
    pixels[280:292, 5:60:3] = 255  # letters
    assert at(pixels, 285, 5)
    assert at(np.stack([pixels] * 3, axis=-1), 285, 5)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((100, 120), 20, np.uint8),
        np.zeros((100, 120), np.uint8),
        np.full((100, 120), 90, np.uint8),
        circle(radius=30),  # a leak in the dark, and not a field
    ],
)
def test_where_nobody_can_tell_nothing_is_outside(pixels):
    assert Outside(pixels).is_empty
    assert not at(pixels, 0, 0)


def test_dark_retina_inside_the_field_and_lit_retina_beside_it_can_be_graded():
    pixels = circle()
    pixels[140:160, 190:210] = 0  # a dark macula
    pixels[20:60, 350:390] = 80  # lit unevenly
    assert not at(pixels, 150, 200)
    assert not at(pixels, 40, 370)
