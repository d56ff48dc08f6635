from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.finetune_config import TrainConfig
from mae_sam2_training.hiera_mae import HieraMAE
from mae_sam2_training.trained_weights import rate_of
from mae_sam2_training.trunk_layers import block_of, count_blocks, decay_of
from napari_mae_sam2.model.architectures import Architecture, build_model

if TYPE_CHECKING:
    from torch import nn


def test_earlier_layers_learn_more_slowly(small_trunk: nn.Module) -> None:
    names = [name for name, _ in HieraMAE(small_trunk, width=32).named_parameters()]
    blocks = count_blocks(names)

    def scale(name: str) -> float:
        return decay_of(name, blocks, 0.5)

    assert blocks == 12
    assert scale("decoder.head.weight") == 1.0
    assert scale("trunk.blocks.11.attn.qkv.weight") == 0.5
    assert scale("trunk.blocks.0.norm1.weight") == 0.5**12
    assert scale("trunk.patch_embed.proj.weight") == 0.5**13
    assert scale("trunk.pos_embed_window") == 0.5**13
    assert {scale(name) for name in names} == {0.5**power for power in range(14)}


def test_the_trunk_is_found_inside_a_whole_model() -> None:
    names = [f"image_encoder.trunk.blocks.{index}.norm1.bias" for index in range(10)]

    assert [block_of(name) for name in names] == list(range(10))
    assert decay_of(names[0], count_blocks(names), 0.9) == pytest.approx(0.9**10)
    assert block_of("sam_mask_decoder.transformer.layers.0.norm1.bias") is None


def test_without_decay_all_learn_alike() -> None:
    assert decay_of("trunk.blocks.0.norm1.bias", 4, 1.0) == 1.0
    assert decay_of("trunk.pos_embed", 4, 1.0) == 1.0


def test_fine_tuning_gives_the_last_block_the_whole_rate_of_the_encoder() -> None:
    model = build_model(Architecture("tiny"), image_size=64)
    rate = rate_of(model, TrainConfig(what="all", encoder_rate=0.2, layer_decay=0.5))

    assert rate("model.sam_mask_decoder.iou_token.weight") == 1.0
    assert rate("model.image_encoder.neck.convs.0.conv.weight") == 0.2
    assert rate("model.image_encoder.trunk.blocks.11.mlp.layers.0.weight") == 0.2
    assert rate("model.image_encoder.trunk.blocks.10.norm1.bias") == 0.1
    assert rate("model.image_encoder.trunk.pos_embed") == 0.2 * 0.5**12
