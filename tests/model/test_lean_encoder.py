"""The encoder for fixed networks gives what SAM 2's own gives."""

from __future__ import annotations

import pytest
import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.forward import encode_images
from napari_mae_sam2.model.lean_encoder import LeanEncoder, joined


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return build_model(Architecture("tiny"), image_size=128).eval()


def _apart(model, lean) -> list[float]:
    images = torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        features = encode_images(model, images)
        pairs = zip(lean(images), (features.embedding, *features.high_res), strict=True)
        return [float((own - theirs).norm() / theirs.norm()) for own, theirs in pairs]


def test_it_is_the_same_for_less(model) -> None:
    assert max(_apart(model, LeanEncoder(model))) < 1e-5


def test_linear_layers_in_bf16_change_little_and_not_the_model(model) -> None:
    before = [parameter.clone() for parameter in model.parameters()]
    lean = LeanEncoder(model, "bf16")
    embedding, fine, middle = _apart(model, lean)
    assert fine < 1e-5  # of the first block
    assert 1e-5 < middle < 0.03
    assert 1e-5 < embedding < 0.03
    for old, new in zip(before, model.parameters(), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize("fuse", ["sum", "avg"])
def test_both_ways_to_mix_the_levels(model, fuse, monkeypatch) -> None:
    monkeypatch.setattr(model.image_encoder.neck, "fuse_type", fuse)
    assert max(_apart(model, LeanEncoder(model))) < 1e-5


def test_another_neck_is_refused(model, monkeypatch) -> None:
    monkeypatch.setattr(model.image_encoder.neck, "fpn_top_down_levels", [1, 2, 3])
    with pytest.raises(ValueError, match="not that of SAM 2"):
        LeanEncoder(model)


def test_two_convolutions_are_one() -> None:
    torch.manual_seed(2)
    first, second = torch.nn.Conv2d(5, 7, 1), torch.nn.Conv2d(7, 3, 1)
    image = torch.randn(2, 5, 4, 4)
    with torch.no_grad():
        torch.testing.assert_close(
            joined(first, second)(image), second(first(image)), rtol=1e-5, atol=1e-6
        )
