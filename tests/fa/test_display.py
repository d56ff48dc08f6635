from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.display import (
    PLAIN,
    Treatment,
    is_colour,
    shown_pixels,
    stretched_limits,
    treated,
    usual_limits,
)
from napari_mae_sam2.fa.frame import Frame, pixel_sha256


def frame(pixels):
    return Frame(pixels, "a", None, pixel_sha256(pixels))


def dim(dtype=np.uint8, top=255):
    """A frame whose lower half is dark, with a faint patch in it."""
    unit = np.full((96, 128), 0.1)
    unit += np.random.default_rng(0).normal(0, 0.01, unit.shape)
    unit[:48] += 0.6
    unit[64:80, 40:70] += 0.08
    scaled = np.clip(unit, 0, 1) * top
    return scaled.astype(dtype)


def colour():
    pixels = np.zeros((40, 50, 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = 30, 90, 10
    pixels[10:20, 10:20, 1] = 200
    return pixels


def test_grey_that_was_stored_as_colour_is_shown_grey():
    grey = dim()
    rgb = np.repeat(grey[..., None], 3, axis=2)
    assert not is_colour(rgb)
    assert (shown_pixels(frame(rgb)) == grey).all()
    assert is_colour(colour())
    assert shown_pixels(frame(colour())).shape == (40, 50, 3)


def test_a_plain_frame_is_shown_without_a_copy():
    pixels = dim()
    assert treated(frame(pixels), PLAIN) is pixels


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint8, 255), (np.uint16, 4000), (np.float32, 3.0)]
)
def test_local_contrast_lifts_what_is_faint_and_keeps_the_range(dtype, top):
    pixels = dim(dtype, top)
    before = pixels.copy()
    shown = treated(frame(pixels), Treatment(local_contrast=True))
    assert (pixels == before).all()
    assert shown.dtype == pixels.dtype
    assert shown.shape == pixels.shape
    low, high = usual_limits(pixels)
    assert low - 1 <= shown.min()
    assert shown.max() <= high + 1

    def step(image):
        patch, around = image[64:80, 40:70], image[64:80, 80:120]
        return (float(patch.mean()) - float(around.mean())) / (high - low)

    assert step(shown) > 1.5 * step(pixels)


def test_the_green_channel_alone():
    shown = treated(frame(colour()), Treatment(green=True))
    assert (shown == colour()[..., 1]).all()
    grey = dim()
    assert treated(frame(grey), Treatment(green=True)) is grey


def test_local_contrast_of_colour_keeps_the_hue():
    pixels = np.stack([dim() // 2, dim(), dim() // 4], axis=2)
    shown = treated(frame(pixels), Treatment(local_contrast=True))
    assert shown.dtype == np.uint8
    faint = pixels[70, 40:70].astype(float).mean(axis=0)
    after = shown[70, 40:70].astype(float).mean(axis=0)
    assert after.sum() > 1.2 * faint.sum()
    assert after / after.sum() == pytest.approx(faint / faint.sum(), abs=0.05)


def test_a_negative_turns_values_round():
    pixels = colour()
    assert (treated(frame(pixels), Treatment(negative=True)) == 255 - pixels).all()


def test_black_and_white_of_deep_frames_leave_out_what_is_rare():
    pixels = np.random.default_rng(0).integers(1000, 3000, (200, 200)).astype(np.uint16)
    pixels[0, 0] = 65535
    low, high = usual_limits(pixels)
    assert 1000 <= low < 1010
    assert 2990 < high <= 3000
    assert usual_limits(pixels.astype(np.uint8)) == (0, 255)
    assert stretched_limits(np.full((40, 40), 7, np.uint8)) == (7, 8)
