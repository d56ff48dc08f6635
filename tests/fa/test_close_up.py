from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.close_up import CloseUp, close_up_around
from napari_mae_sam2.fa.placed_mask import PlacedMask


@pytest.mark.parametrize("place", [(0, 0), (150, 20), (299, 399), (150, 200)])
@pytest.mark.parametrize("side", [7, 100, 350])
def test_a_square_about_a_place_lies_in_the_frame_and_holds_it(place, side) -> None:
    around = close_up_around(place, side, (300, 400))
    assert around.shape == (min(side, 300), side)
    assert around.contains(*place)
    assert np.ones((300, 400))[around.region].shape == around.shape


def test_what_two_share() -> None:
    one, other = CloseUp(0, 0, 10, 10), CloseUp(5, 5, 15, 25)
    assert one.meet(other) == CloseUp(5, 5, 10, 10)
    assert one.share_of(other) == 25 / 200
    assert one.share_of(CloseUp(20, 20, 30, 30)) == 0


def test_a_trimmed_mask_is_the_same_mask() -> None:
    mask = np.zeros((6, 9), bool)
    mask[2, 3] = mask[4, 5] = True
    placed = PlacedMask(10, 20, mask)
    trimmed = placed.trimmed()
    assert trimmed.mask.shape == (3, 3)
    np.testing.assert_array_equal(trimmed.on((30, 40)), placed.on((30, 40)))
    assert trimmed.has(12, 23)
    assert not trimmed.has(12, 24)
    assert not trimmed.has(0, 0)
    assert PlacedMask(10, 20, np.zeros((3, 3), bool)).trimmed().area == 0
