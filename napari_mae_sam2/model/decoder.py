"""What turns features and prompts into masks, and the model's own in PyTorch.

A `Decoder` takes the place of the model's own as an `Encoder` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from napari_mae_sam2.model.forward import Features, PromptBatch, decode_prompts

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base


class Decoder(Protocol):
    """Anything that answers prompts as a model's own decoder would."""

    @property
    def name(self) -> str:
        """What it runs on."""

    def answer(
        self, features: Features, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer B prompts on one image; see `forward.decode_prompts`."""

    def close(self) -> None:
        """Stop what runs in the background, and wait for it."""


class TorchDecoder:
    """The model's own prompt encoder and mask decoder, in PyTorch.

    Parameters
    ----------
    model : SAM2Base
        On the device that it shall run on.
    """

    def __init__(self, model: SAM2Base) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """What it runs on."""
        return f"PyTorch float32 on {self._model.device}"

    def answer(
        self, features: Features, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer B prompts on one image; see `forward.decode_prompts`."""
        device = self._model.device
        parts = (prompts.xy, prompts.labels, prompts.mask)
        moved = PromptBatch(*(None if x is None else x.to(device) for x in parts))
        with torch.no_grad():
            return decode_prompts(self._model, features.to(device), moved)

    def close(self) -> None:
        """Do nothing: it has nothing in the background."""
