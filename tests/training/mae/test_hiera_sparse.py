from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from mae_sam2_training.hiera_sparse import encode_visible, window_units
from mae_sam2_training.masking import stratified_mask

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mae_sam2_training.masking import UnitMask


def units_of(dense: Tensor, mask: UnitMask) -> Tensor:
    """Cut a dense (B, C, H, W) output into the visible units, (B, U, t, t, C)."""
    t = dense.shape[2] // mask.rows
    cut = dense.unfold(2, t, t).unfold(3, t, t)
    visible = mask.visible.flatten(1)
    which = torch.arange(len(dense))[:, None]
    units = cut[which, :, visible // mask.cols, visible % mask.cols]
    return units.permute(0, 1, 3, 4, 2)


def difference(trunk: nn.Module, side: tuple[int, int]) -> float:
    images = torch.randn(2, 3, *side)
    mask = stratified_mask(2, side, window_units(trunk), 0.0)
    with torch.inference_mode():
        dense, sparse = trunk(images), encode_visible(trunk, images, mask)
    assert len(dense) == len(sparse) == 4
    return max(
        float((units_of(whole, mask) - part).abs().max())
        for whole, part in zip(dense, sparse, strict=True)
    )


def test_without_masking_it_is_the_dense_trunk(small_trunk: nn.Module) -> None:
    assert difference(small_trunk, (448, 672)) < 1e-5


def test_without_masking_it_is_the_dense_large_trunk(wide_trunk: nn.Module) -> None:
    assert window_units(wide_trunk) == 8
    assert difference(wide_trunk, (256, 512)) < 1e-5


@pytest.mark.parametrize("name", ["tiny", "base_plus"])
def test_without_masking_it_is_sam2s_own_trunk(name: str) -> None:
    from napari_mae_sam2.model.architectures import Architecture, build_model

    trunk = build_model(Architecture(name)).image_encoder.trunk  # type: ignore[arg-type]
    assert difference(trunk, (448, 448)) < 1e-5


def test_a_single_window_without_masking_gives_the_same_gradients(
    small_trunk: nn.Module,
) -> None:
    images = torch.randn(1, 3, 224, 224)
    mask = stratified_mask(1, (224, 224), 7, 0.0)

    def gradients(outputs: list[Tensor]) -> list[Tensor]:
        parameters = list(small_trunk.parameters())
        loss = sum((out.square().mean() for out in outputs), torch.zeros(()))
        return list(torch.autograd.grad(loss, parameters))

    pairs = zip(
        gradients(small_trunk(images)),
        gradients(encode_visible(small_trunk, images, mask)),
        strict=True,
    )
    for dense, sparse in pairs:
        torch.testing.assert_close(sparse, dense, rtol=1e-3, atol=1e-5)


def test_masked_pixels_do_not_reach_any_stage(small_trunk: nn.Module) -> None:
    mask = stratified_mask(2, (448, 448), 7, 0.75)
    images = torch.randn(2, 3, 448, 448)
    others = images.masked_fill(mask.hidden_pixels, torch.nan)

    with torch.inference_mode():
        before = encode_visible(small_trunk, images, mask)
        after = encode_visible(small_trunk, others, mask)

    for stage, (a, b) in enumerate(zip(before, after, strict=True)):
        assert torch.equal(a, b), f"stage {stage + 1}"


def test_the_order_inside_a_window_does_not_matter(small_trunk: nn.Module) -> None:
    from dataclasses import replace

    mask = stratified_mask(1, (448, 448), 7, 0.75)
    turned = replace(mask, visible=mask.visible.flip(-1))
    images = torch.randn(1, 3, 448, 448)

    with torch.inference_mode():
        straight = encode_visible(small_trunk, images, mask)[-1]
        reverse = encode_visible(small_trunk, images, turned)[-1]

    back = reverse.unflatten(1, mask.visible.shape[1:]).flip(2).flatten(1, 2)
    torch.testing.assert_close(back, straight, rtol=1e-4, atol=1e-5)


def test_windows_that_do_not_line_up_are_refused(small_trunk: nn.Module) -> None:
    small_trunk.window_spec = (8, 4, 12, 7)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="do not line up"):
        window_units(small_trunk)
