from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import resize

from napari_mae_sam2.annotate.mask_prompt import SURE, mask_logits
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask


@pytest.mark.parametrize("shape", [(1024, 1024), (60, 80), (300, 700)])
def test_the_logits_show_the_mask_at_its_place(shape):
    height, width = shape
    top, left = height // 4, width // 3
    mask = PlacedMask(top, left, np.ones((height // 3, width // 5), bool))
    logits = mask_logits(mask, CloseUp.whole(shape))
    assert logits.shape == (256, 256)
    assert logits.dtype == np.float32
    assert logits.max() == pytest.approx(SURE)
    assert logits.min() == pytest.approx(-SURE)
    # The same square, brought to the same size by somebody else.
    expected = resize(mask.on(shape).astype(float), (256, 256), order=0) > 0.5
    assert ((logits > 0) ^ expected).mean() < 0.01


def test_in_a_close_up_places_count_from_its_corner():
    mask = PlacedMask(140, 230, np.ones((20, 20), bool))
    close_up = CloseUp(100, 200, 356, 456)
    rows, columns = np.nonzero(mask_logits(mask, close_up) > 0)
    assert (rows.min(), rows.max()) == (40, 59)
    assert (columns.min(), columns.max()) == (30, 49)


def test_a_mask_smaller_than_a_point_is_still_said():
    logits = mask_logits(
        PlacedMask(1000, 2000, np.ones((3, 3), bool)), CloseUp(0, 0, 3000, 4000)
    )
    assert logits.max() == pytest.approx(SURE)
    assert (logits > 0).sum() <= 4


def test_what_lies_beside_the_area_says_nothing():
    mask = PlacedMask(0, 0, np.ones((20, 20), bool))
    logits = mask_logits(mask, CloseUp(100, 100, 356, 356))
    assert (logits == -SURE).all()
    nothing = PlacedMask(0, 0, np.zeros((0, 0), bool))
    assert (mask_logits(nothing, CloseUp(0, 0, 100, 100)) == -SURE).all()
