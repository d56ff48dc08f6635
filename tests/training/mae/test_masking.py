from __future__ import annotations

import pytest
import torch

from mae_sam2_training.masking import join_masks, kept_units, stratified_mask


def test_every_window_keeps_the_same_number() -> None:
    mask = stratified_mask(3, (448, 672), 7, 0.75, torch.Generator().manual_seed(1))

    assert mask.visible.shape == (3, 6, 12)
    assert mask.masked.shape == (3, 6, 37)
    windows = (~mask.hidden_map).view(3, 2, 7, 3, 7).sum((2, 4))
    assert torch.equal(windows, torch.full((3, 2, 3), 12))


def test_visible_and_masked_are_all_units_once() -> None:
    mask = stratified_mask(2, (448, 448), 7, 0.6)

    both = torch.cat([mask.visible.flatten(1), mask.masked.flatten(1)], 1)
    assert torch.equal(both.sort(1).values, torch.arange(196).expand(2, -1))


def test_images_get_masks_of_their_own_and_the_seed_decides() -> None:
    first = stratified_mask(2, (224, 224), 7, 0.75, torch.Generator().manual_seed(3))
    again = stratified_mask(2, (224, 224), 7, 0.75, torch.Generator().manual_seed(3))
    other = stratified_mask(2, (224, 224), 7, 0.75, torch.Generator().manual_seed(4))

    assert torch.equal(first.visible, again.visible)
    assert not torch.equal(first.visible, other.visible)
    assert not torch.equal(first.visible[0], first.visible[1])


def test_masks_of_single_images_join() -> None:
    singles = [stratified_mask(1, (448, 224), 7, 0.75) for _ in range(3)]

    joined = join_masks(singles)

    assert joined.hidden_pixels.shape == (3, 1, 448, 224)
    for index, single in enumerate(singles):
        assert torch.equal(joined.hidden_map[index], single.hidden_map[0])


def test_every_unit_is_masked_about_equally_often() -> None:
    mask = stratified_mask(4000, (224, 224), 7, 0.75)

    share = mask.hidden_map.float().mean(0)
    assert (share - 37 / 49).abs().max() < 0.03


@pytest.mark.parametrize(
    ("window", "ratio", "kept"),
    [(7, 0.0, 49), (7, 0.75, 12), (8, 0.75, 16), (7, 0.999, 1), (7, 0.001, 48)],
)
def test_kept_units(window: int, ratio: float, kept: int) -> None:
    assert kept_units(window, ratio) == kept


@pytest.mark.parametrize("ratio", [-0.1, 1.0])
def test_a_ratio_that_is_none_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\)"):
        kept_units(7, ratio)


@pytest.mark.parametrize("side", [(224, 256), (512, 512), (0, 224)])
def test_a_side_that_does_not_fit_is_refused(side: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiple of 224"):
        stratified_mask(1, side, 7, 0.75)
