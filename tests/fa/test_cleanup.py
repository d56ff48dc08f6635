from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import disk

from napari_mae_sam2.fa import cleanup


def disc(row, column, radius, shape=(60, 60)):
    mask = np.zeros(shape, bool)
    mask[disk((row, column), radius, shape=shape)] = True
    return mask


def test_holes_are_filled_and_bays_are_not():
    ring = disc(30, 30, 15) & ~disc(30, 30, 6)
    assert (cleanup.fill_holes(ring) == disc(30, 30, 15)).all()
    ring[30, 30:] = False  # the hole is a bay now
    assert (cleanup.fill_holes(ring) == ring).all()


def test_an_island_goes_by_its_area_and_the_rest_stays():
    large, small = disc(20, 20, 8), disc(50, 50, 3)
    assert (cleanup.drop_islands(large | small, 8) == large).all()
    assert (cleanup.drop_islands(large | small, 3) == (large | small)).all()
    assert not cleanup.drop_islands(small, 20).any()


def test_pieces_that_touch_at_a_corner_are_one_island():
    mask = np.zeros((20, 20), bool)
    mask[2:6, 2:6] = mask[6:10, 6:10] = True  # 16 pixels each
    assert (cleanup.drop_islands(mask, 5.5) == mask).all()


def test_smoothing_takes_spikes_off_and_keeps_the_area():
    lesion = disc(30, 30, 14)
    ragged = lesion.copy()
    ragged[30, 44:52] = True  # a spike of one pixel's width
    smooth = cleanup.smooth(ragged, 6)
    assert not smooth[30, 47:].any()
    assert smooth.sum() == pytest.approx(ragged.sum(), rel=0.02)
    assert (smooth & lesion).sum() > 0.97 * lesion.sum()


def test_smoothing_never_loses_a_small_lesion():
    small = disc(30, 30, 2)
    assert cleanup.smooth(small, 12).sum() == pytest.approx(small.sum(), abs=4)


def test_growing_and_shrinking_move_the_outline_by_so_many_pixels():
    lesion, nowhere = disc(30, 30, 10.5), np.zeros((60, 60), bool)
    grown = cleanup.grow(lesion, ~lesion, nowhere, 4)
    for side in (lesion[30], lesion[:, 30]):
        assert side.sum() == 21
    for side in (grown[30], grown[:, 30]):
        assert side.sum() == 29
    assert (cleanup.shrink(grown, 4) ^ lesion).sum() < 0.05 * lesion.sum()


def test_the_frames_edge_takes_nothing_off_a_lesion_that_it_cuts():
    band = np.zeros((40, 40), bool)
    band[:, :20] = True
    shrunk = cleanup.shrink(band, 3)
    assert shrunk[:, :17].all()
    assert not shrunk[:, 17:].any()
    assert cleanup.shrink(np.ones((9, 9), bool), 3).all()


def test_two_that_grow_share_the_gap():
    one, other = disc(30, 15, 8), disc(30, 40, 8)
    free = ~(one | other)
    first = cleanup.grow(one, free, other, 20)
    second = cleanup.grow(other, free, one, 20)
    overlap = first & second  # of equal distance to both; the caller decides
    assert overlap.sum() <= 60
    assert first[30, 26]
    assert not first[30, 29]


def test_growing_stays_in_what_is_free():
    lesion = disc(30, 30, 8)
    free = np.zeros((60, 60), bool)
    free[:30] = True
    grown = cleanup.grow(lesion, free, np.zeros_like(free), 5)
    assert (grown & ~lesion).any()
    assert not (grown & ~lesion)[30:].any()


@pytest.mark.parametrize("drawn", [12, 20])
def test_an_outline_snaps_to_the_edge_of_what_is_bright(drawn):
    leak = disc(40, 40, 16, (80, 80))
    grey = ndimage.gaussian_filter(np.where(leak, 180.0, 60.0), 1.5).astype(np.uint8)
    sketch = disc(40, 40, drawn, (80, 80))
    snapped = cleanup.snap_to_edge(sketch, grey, ~sketch, 7)
    assert (snapped ^ leak).sum() < 0.06 * leak.sum()


def test_snapping_reaches_no_further_than_it_may_and_not_into_others():
    leak = disc(40, 40, 25, (80, 80))
    grey = np.where(leak, 180, 60).astype(np.uint8)
    sketch = disc(40, 40, 10, (80, 80))
    snapped = cleanup.snap_to_edge(sketch, grey, ~sketch, 5)
    distance = ndimage.distance_transform_edt(~sketch)
    assert distance[snapped].max() <= 5
    free = ~sketch
    free[:, 40:] = False
    snapped = cleanup.snap_to_edge(sketch, grey, free, 20)
    assert not (snapped & ~sketch)[:, 40:].any()


def test_a_lesion_thinner_than_the_reach_keeps_its_middle():
    thin = np.zeros((40, 40), bool)
    thin[20:22, 5:35] = True
    grey = np.where(np.arange(40)[:, None] < 18, 30, 60) * np.ones((40, 40), int)
    snapped = cleanup.snap_to_edge(thin, grey.astype(np.uint8), ~thin, 6)
    assert snapped[20:22, 5:35].any()


def test_nothing_in_nothing_out():
    nothing = np.zeros((20, 20), bool)
    grey = np.zeros((20, 20), np.uint8)
    assert not cleanup.fill_holes(nothing).any()
    assert not cleanup.drop_islands(nothing, 5).any()
    assert not cleanup.smooth(nothing, 5).any()
    assert not cleanup.shrink(nothing, 5).any()
    assert not cleanup.snap_to_edge(nothing, grey, ~nothing, 5).any()
