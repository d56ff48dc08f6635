"""How far two masks agree, counted in pixels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.overlap import Overlap


def test_dice_precision_and_sensitivity_count_pixels():
    answer, truth = np.zeros((2, 10, 10), bool)
    answer[:4] = True  # 40 pixels, 30 of them true
    truth[1:7] = True  # 60 pixels
    found = Overlap.of(answer, truth)
    assert (found.both, found.alone, found.missed) == (30, 10, 30)
    assert found.dice == pytest.approx(0.6)
    assert found.precision == pytest.approx(0.75)
    assert found.sensitivity == pytest.approx(0.5)


def test_empty_masks_agree_and_have_nothing_to_divide_by():
    nothing = np.zeros((4, 4), bool)
    found = Overlap.of(nothing, nothing)
    assert found.dice == 1.0
    assert found.precision is None
    assert found.sensitivity is None
