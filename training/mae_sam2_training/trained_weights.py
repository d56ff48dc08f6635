"""Which weights of SAM 2 a fine-tuning changes, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mae_sam2_training.lora import add_adapters
from mae_sam2_training.trunk_layers import block_of, decay_of
from napari_mae_sam2.model.architectures import is_encoder_key, is_image_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam2.modeling.sam2_base import SAM2Base

    from mae_sam2_training.finetune_config import TrainConfig


def choose_weights(model: SAM2Base, config: TrainConfig) -> None:
    """Let those parameters require a gradient that the recipe trains.

    The mask decoder and the prompt encoder always do; the two convolutions of the
    decoder that SAM 2 applies while encoding belong to the encoder. What only video
    uses never does. Adapters of lora are put in place.

    Parameters
    ----------
    model : SAM2Base
        Changed in place.
    config : TrainConfig
        What to train.
    """
    blocks = len(model.image_encoder.trunk.blocks)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(_is_trained(name, config, blocks))
    if config.what == "lora":
        add_adapters(model.image_encoder.trunk, config.rank, config.alpha, _is_adapted)


def rate_of(model: SAM2Base, config: TrainConfig) -> Callable[[str], float]:
    """Give the factor on the learning rate of each parameter by its name.

    That of the encoder is a share of the decoder's, and falls from the last block of
    the trunk, which has the whole share, to the first.
    """
    last = len(model.image_encoder.trunk.blocks) - 1

    def factor(name: str) -> float:
        name = name.removeprefix("model.")
        if not is_encoder_key(name):
            return 1.0
        if config.what == "lora":
            return 1.0  # adapters start at nothing, and have nothing to forget
        return config.encoder_rate * decay_of(name, last, config.layer_decay)

    return factor


def _is_trained(name: str, config: TrainConfig, blocks: int) -> bool:
    if not is_image_key(name):
        return False
    if not is_encoder_key(name):
        return True
    if config.what == "all":
        return True
    if config.what == "last_blocks":
        # what follows the trunk goes with its last blocks
        block = block_of(name)
        return block is None or block >= blocks - config.blocks
    return False


def _is_adapted(name: str) -> bool:
    """Whether a linear layer of the trunk gets an adapter: attention and MLP."""
    return ".attn." in name or ".mlp." in name
