from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

from napari_mae_sam2.fa.clean_lesions import CleanUp, clean
from napari_mae_sam2.fa.lesions import LabelError


def paint(labels, number, row, column, radius):
    labels[disk((row, column), radius, shape=labels.shape)] = number


@pytest.fixture
def labels():
    """Lesion 1 with a hole in which lesion 3 lies, lesion 2 beside it."""
    made = np.zeros((80, 120), np.uint16)
    paint(made, 1, 40, 30, 20)
    paint(made, 0, 40, 30, 10)
    paint(made, 3, 40, 30, 4)
    paint(made, 2, 40, 62, 9)
    return made


@pytest.fixture
def pixels():
    field = np.zeros((80, 120), np.uint8)
    field[disk((40, 60), 55, shape=field.shape)] = 90
    field[:, 60:][field[:, 60:] > 0] = 120
    return field


def run(what, labels, numbers, size, pixels, first_free=4):
    before = labels.copy()
    cleaned = clean(what, labels, numbers, size, pixels, range(first_free, 65536))
    assert (labels == before).all()
    return cleaned


@pytest.mark.parametrize("what", CleanUp)
@pytest.mark.parametrize("numbers", [[1], [2], [1, 2, 3]])
def test_no_lesion_ever_loses_a_pixel_to_another(what, numbers, labels, pixels):
    cleaned = run(what, labels, numbers, 15, pixels)
    taken = (labels > 0) & (cleaned.labels != labels) & (cleaned.labels > 0)
    if what is CleanUp.MERGE:
        assert set(cleaned.labels[taken]) <= set(cleaned.joined.values())
    elif what in (CleanUp.SPLIT_PARTS, CleanUp.SPLIT_NECKS):
        assert set(cleaned.labels[taken]) <= set(cleaned.cut_from)
    else:
        assert not taken.any()
        untouched = np.isin(labels, [n for n in (1, 2, 3) if n not in numbers])
        untouched &= labels > 0
        assert (cleaned.labels[untouched] == labels[untouched]).all()


def test_a_hole_is_filled_around_the_lesion_in_it(labels, pixels):
    cleaned = run(CleanUp.FILL_HOLES, labels, [1], 0, pixels).labels
    assert cleaned[40, 23] == 1
    assert (cleaned[labels == 3] == 3).all()
    assert (cleaned == 1).sum() + (cleaned == 3).sum() > 1200


def test_only_the_lesions_asked_for_change(labels, pixels):
    cleaned = run(CleanUp.GROW, labels, [2], 3, pixels).labels
    assert (cleaned == 2).sum() > (labels == 2).sum()
    assert ((cleaned == 1) == (labels == 1)).all()
    shrunk = run(CleanUp.SHRINK, labels, [2, 77], 3, pixels).labels
    assert 0 < (shrunk == 2).sum() < (labels == 2).sum()


def test_growing_all_does_not_depend_on_their_numbers(pixels):
    one = np.zeros((80, 120), np.uint16)
    paint(one, 1, 40, 30, 10)
    paint(one, 2, 40, 61, 10)
    other = np.choose(one, [0, 2, 1]).astype(np.uint16)
    first = run(CleanUp.GROW, one, [1, 2], 12, pixels).labels
    second = run(CleanUp.GROW, other, [1, 2], 12, pixels).labels
    swapped = np.choose(second, [0, 2, 1])
    assert (first != swapped).sum() < 30  # the line of equal distance
    assert first[40, 44] == 1
    assert first[40, 47] == 2


def test_a_split_gives_new_numbers_and_says_whose_they_are(pixels):
    labels = np.zeros((80, 120), np.uint16)
    paint(labels, 2, 40, 20, 10)
    paint(labels, 2, 40, 60, 6)
    paint(labels, 2, 40, 90, 8)
    cleaned = run(CleanUp.SPLIT_PARTS, labels, [2], 0, pixels, first_free=7)
    assert cleaned.cut_from == {7: 2, 8: 2}
    assert cleaned.labels[40, 20] == 2
    assert cleaned.labels[40, 90] == 7
    assert cleaned.labels[40, 60] == 8


def test_a_split_beyond_the_last_number_is_refused(pixels):
    labels = np.zeros((80, 120), np.uint16)
    paint(labels, 2, 40, 20, 10)
    paint(labels, 2, 40, 60, 6)
    with pytest.raises(LabelError, match="split fewer"):
        clean(CleanUp.SPLIT_PARTS, labels, [2], 0, pixels, range(7, 7))


def test_a_merge_says_who_is_gone(labels, pixels):
    cleaned = run(CleanUp.MERGE, labels, [2], 5, pixels)
    assert cleaned.joined == {1: 2}
    assert set(np.unique(cleaned.labels)) == {0, 2, 3}


def test_what_lies_beside_the_photographed_field_goes(pixels):
    labels = np.zeros((80, 120), np.uint16)
    labels[30:50, 0:40] = 1
    cleaned = run(CleanUp.GRADABLE, labels, [1], 0, pixels).labels
    assert not cleaned[:, 0:2].any()
    assert (cleaned[30:50, 12:40] == 1).all()


def test_cancelling_leaves_the_rest_out(labels, pixels):
    asked = iter([False, True])
    cleaned = clean(
        CleanUp.SHRINK, labels, [1, 2, 3], 2, pixels, range(4, 9), lambda: next(asked)
    ).labels
    assert (cleaned == 1).sum() < (labels == 1).sum()
    assert ((cleaned == 2) == (labels == 2)).all()
