"""A vessel that does not leak is told from leakage by its form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_mae_sam2.fa.bare_vessel import VesselFinder
from napari_mae_sam2.fa.placed_mask import PlacedMask

SIDE = 512


def background(side=SIDE):
    rng = np.random.default_rng(1)
    noise = ndimage.gaussian_filter(rng.normal(0, 1, (side, side)), 1)
    return 60 + 4 * noise / noise.std()


def vessel(side=SIDE, width=4.0, light=90):
    """A vessel across the frame that bends."""
    row, column = np.mgrid[:side, :side]
    middle = side / 2 + side / 12 * np.sin(column / side * 6)
    return light * np.exp(-(((row - middle) / (width / 2)) ** 2))


def glow(side=SIDE, wide=18, light=90):
    row, column = np.mgrid[:side, :side]
    away = np.hypot(row - side / 2, column - side / 2)
    return light * np.exp(-((away / wide) ** 2))


def placed(mask):
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = rows[0], columns[0]
    return PlacedMask(top, left, mask[top : rows[-1] + 1, left : columns[-1] + 1])


def trust(pixels, mask):
    return VesselFinder(np.clip(pixels, 0, 255).astype(np.uint8)).trust(placed(mask))


def test_a_bare_vessel_loses_most_of_its_score():
    light = vessel()
    assert trust(background() + light, light > 30) < 0.4


def test_a_short_piece_of_a_vessel_loses_it_too():
    light = vessel()
    mask = light > 30
    mask[:, :200] = mask[:, 215:] = False
    assert trust(background() + light, mask) < 0.4


@pytest.mark.parametrize("wide", [6, 10, 18, 40])
def test_a_leak_keeps_its_score_small_or_large(wide):
    light = glow(wide=wide)
    assert trust(background() + light, light > 35) > 0.9


def test_leakage_about_a_vessel_keeps_its_score():
    haze = 60 * np.exp(-(((np.mgrid[:SIDE, :SIDE][0] - SIDE / 2) / 22.0) ** 2))
    haze[:, :150] = haze[:, 350:] = 0
    light = vessel() + ndimage.gaussian_filter(haze, 6)
    assert trust(background() + light, ndimage.gaussian_filter(haze, 6) > 25) > 0.9


@pytest.mark.parametrize("side", [256, 1024])
def test_the_size_of_the_frame_does_not_matter(side):
    line = vessel(side, width=4 * side / SIDE)
    spot = glow(side, wide=18 * side / SIDE)
    assert trust(background(side) + line, line > 30) < 0.45
    assert trust(background(side) + spot, spot > 35) > 0.95


def test_colour_and_16_bits_give_the_same():
    light = vessel()
    grey = np.clip(background() + light, 0, 255)
    mask = placed(light > 30)
    values = [
        VesselFinder(pixels).trust(mask)
        for pixels in (
            grey.astype(np.uint8),
            np.stack([grey.astype(np.uint8)] * 3, axis=-1),
            (grey * 256).astype(np.uint16),
        )
    ]
    assert max(values) - min(values) < 0.06


def test_at_the_edge_of_the_frame_nothing_breaks():
    light = vessel()
    light = np.roll(light, -SIDE // 2 + 2, axis=0)
    assert 0.3 <= trust(background() + light, light > 30) <= 1.0
