from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_mae_sam2.fa.drawing import KINDS, draw_frame


@pytest.fixture(scope="module")
def late():
    return draw_frame(size=512)


def test_the_same_seed_draws_the_same_frame(late):
    again = draw_frame(size=512)
    assert np.array_equal(again.pixels, late.pixels)
    assert np.array_equal(again.lesions, late.lesions)
    assert again.kinds == late.kinds
    other = draw_frame(seed=1, size=512)
    assert not np.array_equal(other.pixels, late.pixels)


def test_the_parts_have_the_promised_forms(late):
    assert late.pixels.shape == late.lesions.shape == late.field.shape == (512, 512)
    assert late.pixels.dtype == np.uint8
    assert late.lesions.dtype == np.uint16
    assert late.field.dtype == late.vessels.dtype == bool
    assert sorted(late.kinds) == list(range(1, late.lesions.max() + 1))
    assert set(np.unique(late.lesions)) == {0, *late.kinds}
    assert set(late.kinds.values()) <= set(KINDS)
    assert late.kinds, "the sample shows leakage"


def test_nothing_lies_outside_the_round_field(late):
    assert not late.field[0, 0]
    assert 0.74 < late.field.mean() < 0.83
    assert not late.lesions[~late.field].any()
    outside = ~ndimage.binary_dilation(late.field, iterations=4)
    assert late.pixels[outside].max() <= 4


def test_it_looks_like_a_retina(late):
    clean = draw_frame(size=512, leakage=(), look_alikes=0)
    grey = clean.pixels.astype(float)
    rows, cols = np.ogrid[:512, :512]

    def mean_around(row, col, radius):
        return grey[np.hypot(rows - row, cols - col) < radius].mean()

    row, col, radius = clean.disc
    bed = clean.field & ~ndimage.binary_dilation(clean.vessels, iterations=3)
    retina = np.median(grey[bed])
    assert mean_around(row, col, radius) > 1.5 * retina
    assert mean_around(*clean.fovea, 0.3 * radius) < 0.7 * retina
    assert grey[clean.vessels].mean() > 1.8 * retina
    # The fovea lies about two and a half disc widths to the side of the disc.
    away = np.hypot(clean.fovea[0] - row, clean.fovea[1] - col)
    assert 2.2 < away / (2 * radius) < 3.1
    assert 0.04 < clean.vessels.sum() / clean.field.sum() < 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_and_brighter_than_before(kind):
    with_leak = draw_frame(3, 384, leakage=(kind,), look_alikes=0)
    without = draw_frame(3, 384, leakage=(), look_alikes=0)
    assert set(with_leak.kinds.values()) == {kind}
    raised = with_leak.pixels.astype(int) - without.pixels
    assert raised[with_leak.lesions > 0].mean() > 12
    far = ~ndimage.binary_dilation(with_leak.lesions > 0, iterations=60)
    assert not raised[far].any()


def test_the_kinds_lie_where_they_belong():
    disc = draw_frame(4, 384, leakage=("disc",))
    macula = draw_frame(4, 384, leakage=("macular",))
    row, col, _ = disc.disc
    assert disc.lesions[round(row), round(col)] > 0
    middle = ndimage.center_of_mass(macula.lesions > 0)
    assert np.hypot(middle[0] - macula.fovea[0], middle[1] - macula.fovea[1]) < 25


@pytest.mark.parametrize("seed", range(4))
def test_leakage_grows_from_the_early_to_the_late_phase(seed):
    leakage = ("perivascular", "capillary", "neovascular", "macular")
    early = draw_frame(seed, 256, "early", leakage)
    late = draw_frame(seed, 256, "late", leakage)
    assert 0 < (early.lesions > 0).sum() < 0.8 * (late.lesions > 0).sum()
    assert not ((early.lesions > 0) & (late.lesions == 0)).any()
    assert early.disc == late.disc


def test_look_alikes_change_pixels_but_no_label():
    plain = draw_frame(2, 256, look_alikes=0)
    marked = draw_frame(2, 256, look_alikes=8)
    assert not np.array_equal(plain.pixels, marked.pixels)
    assert np.array_equal(plain.lesions, marked.lesions)


def test_a_frame_without_leakage_has_an_empty_mask():
    frame = draw_frame(0, 256, leakage=())
    assert frame.kinds == {}
    assert not frame.lesions.any()


def test_wrong_wishes_are_named():
    with pytest.raises(ValueError, match="phase"):
        draw_frame(phase="middle")
    with pytest.raises(ValueError, match="64"):
        draw_frame(size=10)
    with pytest.raises(ValueError, match="drusen"):
        draw_frame(leakage=("drusen",))


def test_the_smallest_frame_can_be_drawn():
    assert draw_frame(0, 64).pixels.shape == (64, 64)
