from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_mae_sam2.model.preprocess import to_input


@pytest.fixture
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (80, 120), np.uint8)


def test_grey_and_equal_channels_give_the_same_input(frame: np.ndarray) -> None:
    grey = to_input(frame, 64)
    rgb = to_input(np.repeat(frame[..., None], 3, axis=2), 64)

    assert grey.shape == (1, 3, 64, 64)
    assert grey.dtype == torch.float32
    assert torch.equal(grey, rgb)


def test_colours_are_resized_and_normalised_each_on_its_own(frame: np.ndarray) -> None:
    colours = np.stack([frame, frame.T.reshape(80, 120), 255 - frame], axis=-1)

    together = to_input(colours, 96)

    for channel in range(3):
        alone = to_input(np.ascontiguousarray(colours[..., channel]), 96)
        torch.testing.assert_close(together[:, channel], alone[:, channel])


def test_white_and_black_have_imagenets_values() -> None:
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:32] = 255

    image = to_input(pixels, 64)[0]

    expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    np.testing.assert_allclose(image[:, 0, 0], expected, rtol=1e-5)
    expected = [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    np.testing.assert_allclose(image[:, -1, 0], expected, rtol=1e-5)


def test_shrinking_averages_instead_of_skipping() -> None:
    stripes = np.zeros((512, 512), np.uint8)
    stripes[:, ::2] = 255

    inside = to_input(stripes, 64)[0, 0, 8:-8, 8:-8]

    grey = (0.5 - 0.485) / 0.229
    assert (inside - grey).abs().max() < 0.05


def test_sixteen_bits_are_stretched(frame: np.ndarray) -> None:
    dark = frame.astype(np.uint16) * 4 + 1000

    image = to_input(dark, 64)

    assert image[0, 0].min() < -1.5
    assert image[0, 0].max() > 1.5
