from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mae_sam2_training.synthesis import contact_sheet


@dataclass(frozen=True)
class Picture:
    pixels: np.ndarray
    lesions: np.ndarray


def picture(shape=(100, 80)):
    lesions = np.zeros(shape, np.uint16)
    lesions[30:60, 20:50] = 1
    return Picture(np.full(shape, 77, np.uint8), lesions)


def test_samples_stand_in_rows_with_outlines_beside_them():
    sheet = contact_sheet([picture()] * 3, columns=2, tile=50)
    assert sheet.shape == (100, 200, 3)
    plain, outlined = sheet[:50, :50], sheet[:50, 50:100]
    assert (plain[..., 0] == plain[..., 2]).all()
    coloured = outlined[..., 0] != outlined[..., 2]
    assert coloured.any()
    rows, cols = np.nonzero(coloured)
    assert 13 <= rows.min() < rows.max() <= 31
    assert 8 <= cols.min() < cols.max() <= 26
    assert not sheet[50:, 100:].any()


def test_outlines_alone():
    assert contact_sheet([picture()], 1, 40, plain=False).shape == (40, 40, 3)


def test_an_empty_sheet_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
