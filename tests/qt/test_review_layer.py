from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2._qt.review_layer import draw
from napari_mae_sam2.annotate.review import Patch
from napari_mae_sam2.fa.placed_mask import PlacedMask


@pytest.mark.parametrize("step", [1, 2, 3])
def test_every_so_many_th_pixel_is_drawn_where_it_lies(step):
    rng = np.random.default_rng(step)
    shape = (50, 71)
    patches = [
        Patch(PlacedMask(top, left, rng.random((h, w)) > 0.4), 0.9)
        for top, left, h, w in [(0, 0, 7, 5), (20, 33, 12, 20), (43, 60, 7, 11)]
    ]
    onto = np.zeros([-(-length // step) for length in shape], np.uint8)
    draw(patches, onto, step, 1)
    whole = np.zeros(shape, bool)
    for patch in patches:
        whole |= patch.mask.on(shape)
    np.testing.assert_array_equal(onto, whole[::step, ::step])
    draw(patches[:1], onto, step, 0)
    assert onto[: 8 // step, : 6 // step].sum() == 0
    assert onto.any()
