from __future__ import annotations

import numpy as np
from skimage.draw import disk

from napari_mae_sam2.fa.splitting import cut_at_necks, group_near, separate_parts


def discs(*places, shape=(60, 100)):
    mask = np.zeros(shape, bool)
    for row, column, radius in places:
        mask[disk((row, column), radius, shape=shape)] = True
    return mask


def test_parts_are_numbered_by_size():
    parts = separate_parts(discs((30, 20, 6), (30, 70, 12)))
    assert parts.max() == 2
    assert parts[30, 70] == 1
    assert parts[30, 20] == 2
    assert parts[0, 0] == 0


def test_two_discs_that_run_into_each_other_are_cut_at_the_neck():
    pair = discs((30, 30, 14), (30, 52, 12))
    pieces = cut_at_necks(pair, 4)
    assert pieces.max() == 2
    assert pieces[30, 30] == 1
    assert pieces[30, 52] == 2
    assert ((pieces > 0) == pair).all()
    neck = np.flatnonzero(pieces[30] == 2)[0]
    assert 40 <= neck <= 46


def test_a_neck_that_is_not_narrow_enough_is_left_alone():
    pair = discs((30, 30, 14), (30, 40, 14))
    assert cut_at_necks(pair, 6).max() == 1
    assert cut_at_necks(discs((30, 30, 14)), 2).max() == 1


def test_nothing_and_everything_are_one_piece():
    assert cut_at_necks(np.zeros((9, 9), bool), 3).max() == 0
    assert (cut_at_necks(np.ones((9, 9), bool), 3) == 1).all()


def chain():
    """Four squares in a row: 2 and 5 touch, then gaps of 3 and of 20 pixels."""
    labels = np.zeros((20, 80), np.uint16)
    labels[5:15, 5:15] = 2
    labels[5:15, 15:25] = 5
    labels[5:15, 28:38] = 3
    labels[5:15, 58:68] = 9
    return labels


def test_a_lesion_takes_its_neighbours_in():
    assert group_near(chain(), [5], 0) == {2: 5}
    assert group_near(chain(), [5], 3) == {2: 5, 3: 5}
    assert group_near(chain(), [5], 2) == {2: 5}
    assert group_near(chain(), [9], 5) == {}
    assert group_near(chain(), [77], 5) == {}


def test_of_a_chain_of_neighbours_the_lowest_number_stays():
    assert group_near(chain(), [2, 3, 5, 9], 3) == {3: 2, 5: 2}
    assert group_near(chain(), [2, 3, 5, 9], 20) == {3: 2, 5: 2, 9: 2}
    assert group_near(np.zeros((9, 9), np.uint16), [], 3) == {}
