from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.masks import read_lesions

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (20, 30)


def save(path: Path, values: np.ndarray) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, values)
    else:
        Image.fromarray(values).save(path)
    return path


@pytest.fixture
def two() -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:5, 2:5] = 1
    mask[10:15, 10:20] = 1
    return mask


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("name", ["m.png", "m.tif"])
def test_binary_masks(tmp_path: Path, two: np.ndarray, white: int, name: str) -> None:
    lesions = read_lesions(save(tmp_path / name, two * np.uint8(white)), SHAPE)
    assert lesions.dtype == np.uint16
    assert np.unique(lesions).tolist() == [0, 1, 2]
    assert ((lesions > 0) == (two > 0)).all()


def test_lesion_numbers_are_kept_apart_and_closed_up(tmp_path: Path) -> None:
    numbers = np.zeros(SHAPE, np.uint16)
    numbers[2:5, 2:5], numbers[2:5, 5:8], numbers[9, 9] = 3, 9, 700
    for name in ("m.tif", "m.png"):
        lesions = read_lesions(save(tmp_path / name, numbers), SHAPE)
        assert np.unique(lesions).tolist() == [0, 1, 2, 3]
        assert (lesions[2:5, 2:5] == 1).all()
        assert (lesions[2:5, 5:8] == 2).all()


def test_a_single_lesion_in_pieces_stays_one(tmp_path: Path, two: np.ndarray) -> None:
    """As a study saves a frame with one lesion that a grader drew in two pieces."""
    one = save(tmp_path / "lesions.tif", two.astype(np.uint16))
    assert np.unique(read_lesions(one, SHAPE)).tolist() == [0, 1]


def test_empty_masks_and_named_values(tmp_path: Path, two: np.ndarray) -> None:
    empty = save(tmp_path / "e.png", two * 0)
    assert read_lesions(empty, SHAPE).max() == 0
    classes = save(tmp_path / "c.png", two * np.uint8(2) + np.uint8(1))
    assert read_lesions(classes, SHAPE, foreground=(3,)).max() == 2
    coloured = save(tmp_path / "rgb.png", np.stack([two * np.uint8(255)] * 3, -1))
    assert read_lesions(coloured, SHAPE).max() == 2


def test_bad_masks_are_one_sentence(tmp_path: Path, two: np.ndarray) -> None:
    grey = save(tmp_path / "grey.png", two * np.uint8(100) + np.uint8(7))
    with pytest.raises(DataError, match=r"grey\.png holds the values 7, 107"):
        read_lesions(grey, SHAPE)
    good = save(tmp_path / "good.png", two)
    with pytest.raises(DataError, match="30 x 20 pixels and its frame 31 x 20"):
        read_lesions(good, (20, 31))
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:50])
    with pytest.raises(DataError, match="damaged"):
        read_lesions(cut, SHAPE)
    floats = save(tmp_path / "f.tif", two.astype(np.float32))
    with pytest.raises(DataError, match="whole numbers"):
        read_lesions(floats, SHAPE)
    torn = save(tmp_path / "t.tif", two)
    torn.write_bytes(torn.read_bytes()[:100])
    with pytest.raises(DataError, match="damaged"):
        read_lesions(torn, SHAPE)
