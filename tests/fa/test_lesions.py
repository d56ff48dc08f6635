from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_mae_sam2.fa.lesions import (
    MAX_LESIONS,
    LabelError,
    check_labels,
    lesion_ids,
    measure_lesions,
    relabel,
    split_pieces,
)

LABELS = hnp.arrays(np.uint16, (9, 11), elements=st.sampled_from([0, 0, 1, 2, 7, 900]))


def test_a_ring_is_measured_without_its_hole() -> None:
    labels = np.zeros((40, 60), np.uint16)
    labels[10:15, 20:27] = 3
    labels[12, 23] = 0
    pixels = np.full((40, 60), 10, np.uint16)
    pixels[labels == 3] = 500
    field = np.zeros((40, 60), bool)
    field[:, :24] = True
    (lesion,) = measure_lesions(labels, pixels, field)
    assert lesion.id == 3
    assert lesion.area_px == 34
    assert lesion.bbox == (10, 20, 15, 27)
    assert lesion.centroid == (12.0, 23.0)
    assert lesion.mean_intensity == 500
    assert lesion.field_share == 19 / (40 * 24)


def test_an_empty_label_has_no_lesions() -> None:
    labels = np.zeros((40, 60), np.uint16)
    pixels = np.zeros((40, 60, 3), np.uint8)
    assert measure_lesions(labels, pixels, labels == 0) == []
    assert lesion_ids(labels) == []
    assert relabel(labels)[1] == {}


@settings(max_examples=40, deadline=None)
@given(LABELS)
def test_measurements_add_up(labels: np.ndarray) -> None:
    pixels = np.arange(labels.size, dtype=np.float32).reshape(labels.shape)
    lesions = measure_lesions(labels, pixels, np.ones(labels.shape, bool))
    assert [lesion.id for lesion in lesions] == lesion_ids(labels)
    assert sum(lesion.area_px for lesion in lesions) == np.count_nonzero(labels)
    for lesion in lesions:
        assert lesion.mean_intensity == pytest.approx(
            pixels[labels == lesion.id].mean()
        )
        assert lesion.centroid == pytest.approx(
            np.argwhere(labels == lesion.id).mean(axis=0)
        )
        assert lesion.field_share == pytest.approx(lesion.area_px / labels.size)


@settings(max_examples=40, deadline=None)
@given(LABELS)
def test_relabel_keeps_the_lesions_and_closes_the_gaps(labels: np.ndarray) -> None:
    new, new_ids = relabel(labels)
    assert new.dtype == np.uint16
    assert lesion_ids(new) == list(range(1, len(new_ids) + 1))
    for old, made in new_ids.items():
        assert np.array_equal(labels == old, new == made)
    assert np.array_equal(relabel(new)[0], new)


def test_pieces_touching_at_a_corner_are_one() -> None:
    mask = np.zeros((5, 9), bool)
    mask[1, 1] = mask[2, 2] = mask[3, 7] = True
    pieces = split_pieces(mask)
    assert pieces[1, 1] == pieces[2, 2] == 1
    assert pieces[3, 7] == 2


def test_noise_is_not_lesions() -> None:
    mask = np.zeros((600, 600), bool)
    mask[::2, ::2] = True
    with pytest.raises(LabelError, match="90000 pieces"):
        split_pieces(mask)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros((40, 61), np.uint16), "is 61 × 40 pixels but the frame is 60 × 40"),
        (np.zeros((40, 60, 3), np.uint8), "3 × 60 × 40"),
        (np.zeros((40, 60), np.float32), "float32 values"),
        (np.full((40, 60), -1), "outside 0 to 65535"),
        (np.full((40, 60), MAX_LESIONS + 1), "outside 0 to 65535"),
    ],
)
def test_bad_labels_give_one_sentence(labels: np.ndarray, said: str) -> None:
    with pytest.raises(LabelError, match=said) as error:
        check_labels(labels, (40, 60), "OD late")
    assert "OD late" in str(error.value)
    assert str(error.value).endswith(".")


def test_a_mask_is_a_label() -> None:
    mask = np.zeros((40, 60), bool)
    mask[3, 4] = True
    check_labels(mask, (40, 60), "a")
    assert lesion_ids(mask) == [1]
    assert relabel(mask)[0][3, 4] == 1
