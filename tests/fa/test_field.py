from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.reading import list_frames, read_frame

if TYPE_CHECKING:
    from pathlib import Path


def _circle(side: int, radius: float) -> np.ndarray:
    row, column = np.ogrid[:side, :side]
    middle = (side - 1) / 2
    return (row - middle) ** 2 + (column - middle) ** 2 <= radius**2


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def _frame(side: int, field: np.ndarray, low: int, high: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 3, (side, side))
    pixels[field] = rng.integers(low, high, int(field.sum()))
    return pixels.astype(np.uint8)


@pytest.mark.parametrize("side", [256, 512, 1500])
@pytest.mark.parametrize(("low", "high"), [(8, 16), (30, 200)])
def test_a_circular_field_is_found(side: int, low: int, high: int) -> None:
    field = _circle(side, side * 0.47)
    found = field_mask(_frame(side, field, low, high))
    assert found.dtype == bool
    assert _iou(found, field) > 0.97


def test_dark_vessels_and_text_in_the_corner_do_not_matter() -> None:
    field = _circle(512, 230)
    pixels = _frame(512, field, 40, 90)
    pixels[200:300, 30:300] = 0  # a dark area that reaches far towards the edge
    pixels[490:505, 440:505] = 255  # a burned-in clock time
    assert _iou(field_mask(pixels), field) > 0.97


def test_a_frame_without_border_is_all_field() -> None:
    pixels = np.random.default_rng(0).integers(60, 90, (128, 200)).astype(np.uint8)
    assert field_mask(pixels).all()


def test_a_black_frame_is_all_field() -> None:
    assert field_mask(np.zeros((64, 64), np.uint8)).all()


def test_sixteen_bit_and_rgb_give_the_same_field() -> None:
    field = _circle(256, 120)
    pixels = _frame(256, field, 40, 90)
    rgb = np.repeat(pixels[..., None], 3, axis=2)
    assert np.array_equal(field_mask(rgb), field_mask(pixels))
    assert _iou(field_mask(pixels.astype(np.uint16) * 256), field) > 0.97


@pytest.mark.real_data
def test_real_frames(real_data: Path) -> None:
    circle = _circle(512, 261)  # the camera's field is cut above and below
    for path in list_frames(real_data / "huapu4_FFA" / "phase_venous"):
        assert _iou(field_mask(read_frame(path).pixels), circle) > 0.98, path.name
    for path in list_frames(real_data / "UWAT-GAN-R"):  # ultra-widefield, very dark
        assert 0.6 < field_mask(read_frame(path).pixels).mean() < 0.9, path.name
