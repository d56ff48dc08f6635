"""A trunk in training stays near what it was where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mae_sam2_training.hiera_mae import HieraMAE
from mae_sam2_training.kept_features import TURNS, KeptFeatures
from mae_sam2_training.masking import stratified_mask
from mae_sam2_training.pretrain_config import MaskedConfig
from mae_sam2_training.pretrain_task import MaskedBatch, MaskedModule

if TYPE_CHECKING:
    from torch import nn


def test_nothing_has_moved_before_the_first_step(small_trunk: nn.Module) -> None:
    kept = KeptFeatures(small_trunk)
    with torch.no_grad():
        moved = kept.distance(small_trunk, torch.randn(2, 3, 224, 224))
    assert float(moved) == 0


def test_other_features_are_about_2_apart(small_trunk: nn.Module) -> None:
    kept = KeptFeatures(small_trunk)
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in small_trunk.parameters():
            parameter.normal_(std=0.1)
        apart = float(kept.distance(small_trunk, torch.randn(2, 3, 224, 224)))
    assert 1 < apart < 3


def test_the_scale_of_the_features_does_not_count(small_trunk: nn.Module) -> None:
    kept = KeptFeatures(small_trunk)
    images = torch.randn(1, 3, 224, 224)

    class Louder(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            return [7 * stage for stage in small_trunk(x)]

    with torch.no_grad():
        assert float(kept.distance(Louder(), images)) < 1e-6


class _Pixels(torch.nn.Module):
    """Two stages of features that turn with the picture."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x, torch.nn.functional.avg_pool2d(x.square(), 4)]


class _Slopes(torch.nn.Module):
    """Features that depend on the way the picture lies."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x - x.roll(1, 3)]


def test_features_of_turned_pictures_are_turned_back() -> None:
    images = torch.randn(2, 3, 32, 32)
    for turn in range(TURNS):
        pixels = _Pixels()
        assert float(KeptFeatures(pixels).distance(pixels, images, (turn,))) < 1e-6
    slopes = _Slopes()
    kept = KeptFeatures(slopes)
    assert float(kept.distance(slopes, images, (0,))) == 0
    apart = [float(kept.distance(slopes, images, (0, turn))) for turn in range(TURNS)]
    upside_down = apart.pop(6)  # mirrored and turned twice: slopes to the side stay
    assert max(apart[0], upside_down) < 1e-6
    assert min(apart[1:]) > 0.1


def test_the_mean_over_all_turns_knows_no_direction(small_trunk: nn.Module) -> None:
    kept = KeptFeatures(small_trunk)
    image = torch.randn(1, 3, 224, 224)
    turned = image.rot90(1, (-2, -1))
    with torch.no_grad():
        seen = kept.features(image, range(TURNS))
        again = kept.features(turned, range(TURNS))
    for one, other in zip(seen, again, strict=True):
        torch.testing.assert_close(one.rot90(1, (1, 2)), other, atol=1e-3, rtol=1e-3)


def test_only_the_trunk_in_training_learns(small_trunk: nn.Module) -> None:
    module = MaskedModule(HieraMAE(small_trunk, 32, 1, 2), MaskedConfig(keep=1.0))
    inside = {id(parameter) for parameter in small_trunk.parameters()}
    decoder = {id(parameter) for parameter in module.mae.decoder.parameters()}
    assert {id(parameter) for parameter in module.parameters()} == inside | decoder


def _trained(trunk: nn.Module, keep: float) -> dict[str, float]:
    """Train for a few steps and tell how far the features have moved."""
    torch.manual_seed(3)
    before = KeptFeatures(trunk)
    config = MaskedConfig(width=32, depth=1, heads=2, keep=keep, keep_share=0.5)
    module = MaskedModule(HieraMAE(trunk, 32, 1, 2), config)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(4)
    images = torch.rand(2, 3, 224, 224, generator=generator)
    parts: dict[str, float] = {}
    for step in range(12):
        mask = stratified_mask(2, (224, 224), 7, 0.75, generator)
        loss, parts = module(MaskedBatch(images, mask, range(step, step + 2)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        moved = before.distance(trunk, module.mae.normalise(images))
    return {"moved": float(moved), **{f"told {k}": v for k, v in parts.items()}}


def test_features_move_less_where_they_are_kept(small_trunk: nn.Module) -> None:
    start = {name: value.clone() for name, value in small_trunk.state_dict().items()}
    free = _trained(small_trunk, keep=0.0)
    small_trunk.load_state_dict(start)
    held = _trained(small_trunk, keep=4.0)

    assert set(free) == {"moved"}
    assert 0 < held["moved"] < 0.5 * free["moved"]
    assert held["told pixels"] > 0
    assert 0 < held["told moved"] < free["moved"]
