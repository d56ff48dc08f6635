"""The one step from (row, column) of a frame to SAM's (x, y) on its square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_model_xy(
    rows_cols: NDArray[np.floating], shape: tuple[int, int], image_size: int
) -> NDArray[np.float32]:
    """Turn (row, column) in a frame into SAM's (x, y) in the encoder's input.

    This is what the reference image predictor does with the same click: x is
    column / width * side, and likewise for y. SAM's prompt encoder then adds half an
    input pixel. Strictly, the centre of column c lies at (c + 0.5) / width * side,
    so after that addition the reference is off by half an input pixel minus half a
    frame pixel: nothing at 1024 pixels, a quarter of a frame pixel at 512, one and a
    half at 4000. The answers were trained and are checked with the reference's
    numbers, so they are kept.

    Parameters
    ----------
    rows_cols : array of shape (..., 2)
        (row, column) in pixels of the frame; (0, 0) is the centre of the first
        pixel.
    shape : (int, int)
        (H, W) of the frame.
    image_size : int
        Side of the encoder's input in pixels.

    Returns
    -------
    float32 array of shape (..., 2)
        (x, y) in pixels of the encoder's input.
    """
    height, width = shape
    scale = np.array([image_size / width, image_size / height], np.float64)
    return (rows_cols[..., ::-1] * scale).astype(np.float32)
