"""A frame as the encoder sees it, with all that decoding needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.model.forward import Features


@dataclass(frozen=True, slots=True, eq=False)
class FrameEmbedding:
    """The features of one frame.

    Attributes
    ----------
    features : Features
        Of a batch of one, on the device of the predictor that made them.
    shape : (int, int)
        (H, W) of the frame.
    image_size : int
        Side of the square that the frame was resized to.
    encoder_fingerprint : str
        Of the weights that made it: only a model with the same encoder may decode it.
    """

    features: Features
    shape: tuple[int, int]
    image_size: int
    encoder_fingerprint: str

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.features.nbytes
