from __future__ import annotations

import pytest
import torch

from napari_mae_sam2.model.compact import (
    SCALE_SUFFIX,
    compress,
    decompress,
    is_quantised,
)


def test_large_matrices_become_eight_bits_and_come_back_close() -> None:
    generator = torch.Generator().manual_seed(0)
    # 150 inputs do not fill the last group, and the rows differ a thousandfold.
    matrix = torch.randn(200, 150, generator=generator)
    matrix *= torch.logspace(-3, 0, 200)[:, None]
    weights = {
        "matrix": matrix,
        "kernel": torch.randn(64, 32, 3, 3, generator=generator),
        "bias": torch.randn(20000, generator=generator),
    }

    stored = compress(weights)
    decoded = decompress(stored)

    assert stored["matrix"].dtype == torch.int8
    assert stored["kernel"].dtype == torch.int8
    assert stored["bias"].dtype == torch.float16
    assert stored["matrix" + SCALE_SUFFIX].shape == (200, 3)
    assert decoded.keys() == weights.keys()
    for key in ("matrix", "kernel"):
        assert decoded[key].shape == weights[key].shape
        rows = (decoded[key] - weights[key]).flatten(1).norm(dim=1)
        assert (rows < 0.008 * weights[key].flatten(1).norm(dim=1)).all()
    assert torch.equal(decoded["bias"], weights["bias"].half().float())


def test_zeros_stay_zero() -> None:
    matrix = torch.zeros(256, 128)
    matrix[0, 0] = 1.0

    decoded = decompress(compress({"matrix": matrix}))["matrix"]

    assert decoded[0, 0] == pytest.approx(1.0, abs=1e-3)
    assert torch.count_nonzero(decoded) == 1


def test_small_and_sensitive_tensors_are_left_in_half_precision() -> None:
    matrix = torch.zeros(256, 256)
    assert is_quantised("image_encoder.trunk.blocks.11.attn.qkv.weight", matrix)
    assert not is_quantised("image_encoder.trunk.blocks.1.attn.qkv.weight", matrix)
    assert not is_quantised("sam_mask_decoder.mask_tokens.weight", torch.zeros(4, 256))


def test_scales_that_are_missing_or_do_not_fit_are_noticed() -> None:
    stored = compress({"matrix": torch.ones(256, 128)})

    with pytest.raises(ValueError, match="do not fit"):
        decompress(stored | {"matrix" + SCALE_SUFFIX: torch.ones(256, 3)})
    with pytest.raises(KeyError):
        decompress({"matrix": stored["matrix"]})
