from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_mae_sam2.annotate.label_image import LabelImage
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin, positions_of_difference

images = arrays(np.uint16, (7, 9), elements=st.integers(0, 3))
GREY = np.arange(63, dtype=np.uint8).reshape(7, 9)


def same_as_counted_anew(image):
    present = [int(number) for number in np.unique(image.pixels) if number]
    assert image.numbers() == present
    for number in present:
        mask = image.pixels == number
        assert image.area(number) == mask.sum()
        region = image.region(number)
        assert mask[region].sum() == mask.sum()
        assert mask[region][[0, -1]].any(axis=1).all()
        assert mask[region][:, [0, -1]].any(axis=0).all()
        assert image.mean_intensity(number) == pytest.approx(GREY[mask].mean())
    assert image.region(99) is None
    if present:
        assert (image.pixels > 0)[image.region(*present)].sum() == image.pixels.astype(
            bool
        ).sum()
        assert sum(image.shares().values()) == pytest.approx(1)
    else:
        assert image.shares() == {}


@given(images, images)
def test_a_change_holds_every_difference_and_goes_both_ways(before, after):
    image = LabelImage(GREY, before)
    same_as_counted_anew(image)
    image.pixels[...] = after
    change = image.take_change(Origin.BRUSH)
    if change is None:
        assert (before == after).all()
        return
    same_as_counted_anew(image)
    differs = (before != after)[change.region]
    assert differs.sum() == len(change.where) == (before != after).sum()
    assert differs[[0, -1]].any(axis=1).all()
    assert differs[:, [0, -1]].any(axis=0).all()
    image.put(change, back=True)
    assert (image.pixels == before).all()
    same_as_counted_anew(image)
    image.put(change, back=False)
    assert (image.pixels == after).all()
    same_as_counted_anew(image)


@given(images, images, st.integers(0, 6), st.integers(0, 8))
def test_differences_in_a_rectangle_have_their_places_in_the_frame(
    one, other, top, left
):
    within = (slice(top, top + 3), slice(left, left + 4))
    expected = np.zeros(one.shape, bool)
    expected[within] = one[within] != other[within]
    where = positions_of_difference(one, other, within)
    assert where.dtype == np.int32
    assert (where == np.flatnonzero(expected)).all()
    assert len(where) == expected.sum()


def test_the_rest_of_the_frame_is_not_looked_at():
    image = LabelImage(GREY)
    image.pixels[1:3, 2:6] = 4
    change = image.take_change(Origin.BRUSH, np.s_[1:4, 1:7])
    assert change.region == np.s_[1:3, 2:6]
    assert (image.pixels.ravel()[change.where] == 4).all()
    assert len(change.where) == 8


def test_a_pixel_remembers_what_made_it_leakage():
    image = LabelImage(GREY)
    image.pixels[0, :4] = 1
    image.take_change(Origin.MODEL)
    image.pixels[0, 2:6] = 2  # two change hands, two are new
    stroke = image.take_change(Origin.BRUSH)
    image.pixels[0, 0] = 0
    image.take_change(Origin.BRUSH)
    assert image.shares() == {Origin.MODEL: 3 / 5, Origin.BRUSH: 2 / 5}
    image.pixels[0, 0] = 1
    image.take_change(Origin.CLEAN_UP)
    assert image.shares()[Origin.CLEAN_UP] == pytest.approx(1 / 6)
    image.put(stroke, back=True)
    assert Origin.BRUSH not in image.shares()


def test_lesions_of_a_saved_case_know_where_they_come_from():
    labels = np.zeros((7, 9), np.uint16)
    labels[0, :2], labels[1, :1], labels[2, :1] = 1, 2, 3
    known = (Lesion(1, source="model"), Lesion(2, source="paint"))
    shares = LabelImage(GREY, labels, known).shares()
    assert shares == {Origin.MODEL: 0.5, Origin.BRUSH: 0.25, Origin.EARLIER: 0.25}


def test_a_colour_frame_has_mean_intensities_too():
    colour = np.stack([GREY, GREY + 3, GREY + 6], axis=-1)
    labels = np.zeros((7, 9), np.uint16)
    labels[0, 0:2] = 1
    assert LabelImage(colour, labels).mean_intensity(1) == pytest.approx(3.5)
