"""The side of the square that the encoder sees, changed without a new model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base


def set_side(model: SAM2Base, side: int) -> None:
    """Let a model take inputs of another side.

    The encoder takes any multiple of 32; the prompt encoder must know the side, because
    it places points and the grid of the embedding by it.

    Parameters
    ----------
    model : SAM2Base
        Changed in place; its weights stay as they are.
    side : int
        In pixels, a multiple of 32.

    Raises
    ------
    ValueError
        If it is none.
    """
    if side < 32 or side % 32:
        raise ValueError(f"side must be a multiple of 32, not {side}")
    model.image_size = side
    prompts = model.sam_prompt_encoder
    prompts.input_image_size = (side, side)
    prompts.image_embedding_size = (side // 16, side // 16)
    prompts.mask_input_size = (side // 4, side // 4)
