from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.pixels import as_grey8, as_rgb8, check_pixels


def _noise(dtype: str = "uint8", shape: tuple[int, ...] = (40, 50)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4)])
def test_good_pixels_pass(dtype: str, shape: tuple[int, ...]) -> None:
    check_pixels(_noise(dtype, shape), "a")


def _with_nan() -> np.ndarray:
    pixels = _noise("float32")
    pixels[3, 4] = np.nan
    return pixels


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (_noise(shape=(1, 1)), "too small"),
        (_noise(shape=(400, 31)), "too small"),
        (
            np.lib.stride_tricks.as_strided(_noise(), (12000, 12000), (0, 0)),
            "too large",
        ),
        (np.zeros((40, 50), np.uint8), "all its pixels are black"),
        (np.full((40, 50, 3), 7, np.uint8), "all its pixels are of one grey"),
        (_with_nan(), "1 values that are not numbers"),
        (np.full((40, 50), np.nan, np.float32), "not numbers"),
        (np.full((40, 50), np.inf, np.float32), "not numbers"),
        (_noise("int32"), "int32 pixels"),
        (_noise("bool"), "bool pixels"),
        (_noise("complex64"), "complex64 pixels"),
        (_noise(shape=(40, 50, 2)), "not one grey or RGB picture"),
        (_noise(shape=(3, 40, 50, 3)), "not one grey or RGB picture"),
        (_noise(shape=(40,)), "not one grey or RGB picture"),
    ],
)
def test_bad_pixels_give_one_sentence(pixels: np.ndarray, said: str) -> None:
    with pytest.raises(FrameError, match=said) as error:
        check_pixels(pixels, "my frame.png")
    message = str(error.value)
    assert isinstance(error.value, PlainError)
    assert message.startswith("my frame.png ")
    assert message.endswith(".")
    assert "\n" not in message


def test_an_invisible_alpha_does_not_make_a_blank_frame_good() -> None:
    pixels = np.zeros((40, 50, 4), np.uint8)
    pixels[:20, :, 3] = 255
    with pytest.raises(FrameError, match="blank"):
        check_pixels(pixels, "a")


def test_eight_bit_is_untouched() -> None:
    grey = _noise()
    assert np.array_equal(as_grey8(grey), grey)
    rgb = as_rgb8(grey)
    assert rgb.shape == (40, 50, 3)
    assert all(np.array_equal(rgb[..., i], grey) for i in range(3))
    assert np.array_equal(as_grey8(rgb), grey)
    rgba = np.dstack([_noise(shape=(40, 50, 3)), np.full((40, 50), 9, np.uint8)])
    assert np.array_equal(as_rgb8(rgba), rgba[..., :3])


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_deep_pixels_are_stretched_in_order_and_against_outliers(dtype: str) -> None:
    ramp = np.linspace(1000, 5000, 200 * 200).reshape(200, 200)
    pixels = ramp.astype(dtype)
    pixels[0, 0] = 65535  # one hot pixel must not darken the whole frame
    grey = as_grey8(pixels)
    assert grey.dtype == np.uint8
    assert grey.min() == 0
    assert grey[-1, -1] == 255
    assert (np.diff(grey.ravel()[1:].astype(int)) >= 0).all()
    assert abs(int(grey[100, 0]) - 128) < 3
    assert np.array_equal(as_rgb8(pixels)[..., 1], grey)


def test_a_nearly_blank_deep_frame_keeps_its_few_bright_pixels() -> None:
    pixels = np.zeros((200, 200), np.uint16)
    pixels[5, 5] = 900
    grey = as_grey8(pixels)
    assert grey[5, 5] == 255
    assert np.count_nonzero(grey) == 1


def test_colours_become_luma() -> None:
    pixels = np.zeros((40, 50, 3), np.uint8)
    pixels[..., 1] = 100
    assert as_grey8(pixels)[0, 0] == 59


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4)])
def test_results_can_be_handed_to_torch(dtype: str, shape: tuple[int, ...]) -> None:
    pixels = _noise(dtype, shape)
    pixels.flags.writeable = False
    for made in (as_grey8(pixels), as_rgb8(pixels)):
        assert made.flags.c_contiguous
        assert made.flags.writeable
    assert not pixels.flags.writeable
