from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.hiera_mae import HieraMAE
from mae_sam2_training.schedule import layer_scale

if TYPE_CHECKING:
    from torch import nn


def test_earlier_layers_learn_more_slowly(small_trunk: nn.Module) -> None:
    names = [name for name, _ in HieraMAE(small_trunk, width=32).named_parameters()]

    scale = layer_scale(names, 0.5)

    assert scale("decoder.head.weight") == 1.0
    assert scale("trunk.blocks.11.attn.qkv.weight") == 0.5
    assert scale("trunk.blocks.0.norm1.weight") == 0.5**12
    assert scale("trunk.patch_embed.proj.weight") == 0.5**13
    assert scale("trunk.pos_embed_window") == 0.5**13
    assert {scale(name) for name in names} == {0.5**power for power in range(14)}


def test_the_trunk_is_found_inside_a_whole_model() -> None:
    names = [f"image_encoder.trunk.blocks.{index}.norm1.bias" for index in range(10)]

    scale = layer_scale(names, 0.9)

    assert scale(names[-1]) == 0.9
    assert scale(names[0]) == pytest.approx(0.9**10)
    assert scale("sam_mask_decoder.transformer.layers.0.norm1.bias") == 1.0


def test_without_decay_all_learn_alike() -> None:
    scale = layer_scale(["trunk.blocks.3.norm1.bias"], 1.0)
    assert scale("trunk.blocks.0.norm1.bias") == scale("trunk.pos_embed") == 1.0
