from __future__ import annotations

import numpy as np

from napari_mae_sam2.model.transform import to_model_xy


def test_row_and_column_become_x_and_y_as_in_the_reference() -> None:
    rows_cols = np.array([[0, 0], [100, 300], [767, 2047]], np.float32)

    xy = to_model_xy(rows_cols, shape=(768, 2048), image_size=1024)

    assert xy.dtype == np.float32
    np.testing.assert_allclose(xy[0], [0, 0])
    np.testing.assert_allclose(xy[1], [300 / 2048 * 1024, 100 / 768 * 1024], rtol=1e-6)
    np.testing.assert_allclose(xy[2], [1023.5, 767 / 768 * 1024], rtol=1e-6)


def test_any_leading_shape_is_kept() -> None:
    assert to_model_xy(np.zeros((4, 2, 2)), (64, 64), 128).shape == (4, 2, 2)
    assert to_model_xy(np.zeros((0, 2)), (64, 64), 128).shape == (0, 2)
