"""What turns the encoder's input into features: PyTorch here, others may follow.

An `Encoder` is all that a predictor needs besides the small decoder, so another
engine, or another precision, takes this one's place without touching the predictor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from napari_mae_sam2.model.cancelling import cancelled_by, make_cancellable
from napari_mae_sam2.model.forward import Features, encode_images

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam2.modeling.sam2_base import SAM2Base


class Encoder(Protocol):
    """Anything that encodes images as a model's own encoder would."""

    @property
    def name(self) -> str:
        """What it runs on, for the window and `doctor`."""

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode float32 images of shape (B, 3, S, S); Cancelled where asked to stop.

        The features are float32 and must differ from those of the model in float32
        so little that the masks stay the same.
        """


class TorchEncoder:
    """The model's own encoder, in PyTorch and float32.

    Parameters
    ----------
    model : SAM2Base
        On the device that it shall run on.
    """

    def __init__(self, model: SAM2Base) -> None:
        self._model = model
        make_cancellable(model.image_encoder)

    @property
    def name(self) -> str:
        """What it runs on."""
        return f"PyTorch float32 on {self._model.device}"

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode images of shape (B, 3, S, S).

        Raises
        ------
        Cancelled
            If `cancelled` answered True before one of the layers.
        """
        # Not inference_mode: training may take these features into a graph.
        with torch.no_grad(), cancelled_by(cancelled):
            return encode_images(self._model, images.to(self._model.device))
