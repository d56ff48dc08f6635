"""What turns the encoder's input into features, and the model's own in PyTorch.

An `Encoder` is all that a predictor needs besides the small decoder, so another
engine, or another precision, takes this one's place without touching the predictor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import torch

from napari_mae_sam2.model.cancelling import cancelled_by, make_cancellable
from napari_mae_sam2.model.forward import Features, encode_images

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam2.modeling.sam2_base import SAM2Base

Precision = Literal["float32", "bf16"]
"""What an encoder computes in, at least; its features are float32 all the same."""


class Encoder(Protocol):
    """Anything that encodes images as a model's own encoder would."""

    @property
    def name(self) -> str:
        """What it runs on, for the window and `doctor`."""

    @property
    def precision(self) -> Precision:
        """How exact its features are at least; cached ones are told apart by it."""

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode float32 images of shape (B, 3, S, S); Cancelled where asked to stop.

        The features are float32 and must differ from those of the model in float32
        so little that the masks stay the same.
        """

    def close(self) -> None:
        """Stop what runs in the background, and wait for it."""


class TorchEncoder:
    """The model's own encoder, in PyTorch.

    Parameters
    ----------
    model : SAM2Base
        On the device that it shall run on.
    precision : {"float32", "bf16"}
        bf16 is faster only where the device computes in it natively.
    """

    def __init__(self, model: SAM2Base, precision: Precision = "float32") -> None:
        self._model = model
        self._precision: Precision = precision
        make_cancellable(model.image_encoder)

    @property
    def name(self) -> str:
        """What it runs on."""
        return f"PyTorch {self._precision} on {self._model.device}"

    @property
    def precision(self) -> Precision:
        """What it computes in."""
        return self._precision

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode images of shape (B, 3, S, S).

        Raises
        ------
        Cancelled
            If `cancelled` answered True before one of the layers.
        """
        device = self._model.device
        in_bf16 = torch.autocast(
            device.type, torch.bfloat16, enabled=self._precision == "bf16"
        )
        # Not inference_mode: training may take these features into a graph.
        with torch.no_grad(), cancelled_by(cancelled), in_bf16:
            features = encode_images(self._model, images.to(device))
        fine, middle = features.high_res
        return Features(features.embedding.float(), (fine.float(), middle.float()))

    def close(self) -> None:
        """Do nothing: it has nothing in the background."""
