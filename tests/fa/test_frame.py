from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_mae_sam2.fa.frame import Frame, pixel_sha256


def test_hash_is_the_documented_one() -> None:
    # So that others can check a study with hashlib alone.
    import hashlib

    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    expected = hashlib.sha256(b"uint16 (2, 3)\n" + pixels.astype("<u2").tobytes())
    assert pixel_sha256(pixels) == expected.hexdigest()


def test_hash_sees_dtype_shape_and_values() -> None:
    pixels = np.zeros((4, 6), np.uint8)
    other = pixels.copy()
    other[3, 5] = 1
    hashes = {
        pixel_sha256(pixels),
        pixel_sha256(pixels.reshape(6, 4)),
        pixel_sha256(pixels.astype(np.int8)),
        pixel_sha256(other),
    }
    assert len(hashes) == 4


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.dtype("u1"), np.dtype("u2"), np.dtype("f4")]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    )
)
def test_hash_ignores_memory_layout_and_byte_order(pixels: np.ndarray) -> None:
    expected = pixel_sha256(pixels)
    assert pixel_sha256(np.asfortranarray(pixels)) == expected
    assert pixel_sha256(pixels.astype(pixels.dtype.newbyteorder(">"))) == expected
    assert pixel_sha256(np.repeat(pixels, 2, axis=1)[:, ::2]) == expected


def test_shape_is_rows_and_columns() -> None:
    frame = Frame(np.zeros((40, 50, 3), np.uint8), "a", None, "0")
    assert frame.shape == (40, 50)
