from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.drawing.fields import (
    enlarge,
    fractal_field,
    ridged_field,
    smooth_field,
)


@pytest.mark.parametrize("cell", [3, 17, 60])
def test_fields_have_unit_spread_and_the_wanted_size_of_bumps(cell):
    fields = [
        smooth_field((200, 300), cell, np.random.default_rng(s)) for s in range(30)
    ]
    stack = np.stack(fields)
    assert stack.dtype == np.float32
    assert stack.std() == pytest.approx(1, abs=0.12)
    near = (stack[:, :, 1:] * stack[:, :, :-1]).mean() / stack.var()
    far = (stack[:, :, 3 * cell :] * stack[:, :, : -3 * cell]).mean() / stack.var()
    assert near > 0.85
    assert abs(far) < 0.2


def test_a_cell_larger_than_the_field_is_allowed():
    assert smooth_field((5, 7), 100, np.random.default_rng(0)).shape == (5, 7)


def test_fields_are_seeded():
    one = fractal_field((64, 64), 12, np.random.default_rng(1))
    same = fractal_field((64, 64), 12, np.random.default_rng(1))
    assert np.array_equal(one, same)


def test_ridges_stay_between_zero_and_one():
    net = ridged_field((80, 80), 9, np.random.default_rng(0))
    assert net.min() >= 0
    assert net.max() <= 1


def test_enlarging_keeps_a_slope():
    slope = np.tile(np.arange(10, dtype=np.float32), (6, 1))
    large = enlarge(slope, (12, 20))
    assert large.shape == (12, 20)
    assert np.allclose(large[:, 1:-1], (np.arange(20)[1:-1] + 0.5) / 2 - 0.5)
