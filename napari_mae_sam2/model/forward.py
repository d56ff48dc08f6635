"""The two halves of SAM 2 on single images as plain functions, gradients included.

Encoding gives `Features`; decoding turns them and a batch of prompts into the logits
of all four mask tokens. Prediction and training both go through here, so that what
is trained is what answers. No image files, no numpy, no choice of candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from sam2.modeling.sam2_base import SAM2Base


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoder makes of B images of side S.

    Attributes
    ----------
    embedding : tensor of shape (B, 256, S/16, S/16)
        With SAM 2's "no memory" embedding already added.
    high_res : tuple of tensors of shapes (B, 32, S/4, S/4) and (B, 64, S/8, S/8)
        Finer features, already through the decoder's two 1 x 1 convolutions.
    """

    embedding: torch.Tensor
    high_res: tuple[torch.Tensor, torch.Tensor]

    @property
    def nbytes(self) -> int:
        """How much memory the tensors take."""
        return sum(part.nbytes for part in (self.embedding, *self.high_res))

    def to(self, device: torch.device | str) -> Features:
        """Return the same on another device."""
        fine, middle = self.high_res
        return Features(self.embedding.to(device), (fine.to(device), middle.to(device)))

    def split(self) -> list[Features]:
        """Return the features of each image as a batch of one."""
        fine, middle = self.high_res
        parts = zip(
            self.embedding.split(1), fine.split(1), middle.split(1), strict=True
        )
        return [Features(one, (first, second)) for one, first, second in parts]


@dataclass(frozen=True, slots=True, eq=False)
class PromptBatch:
    """B prompts of equal length for the decoder, in SAM's own terms.

    Attributes
    ----------
    xy : float tensor of shape (B, N, 2), optional
        Points in pixels of the encoder's input, without the half pixel that SAM
        adds. None where nothing was clicked.
    labels : int tensor of shape (B, N), optional
        1 leakage, 0 not leakage, 2 and 3 the first and the last corner of a box, -1
        no point at all.
    mask : float tensor of shape (B, 1, S/4, S/4), optional
        Low-resolution logits to start from.
    """

    xy: torch.Tensor | None = None
    labels: torch.Tensor | None = None
    mask: torch.Tensor | None = None


def encode_images(model: SAM2Base, images: torch.Tensor) -> Features:
    """Run the encoder.

    Parameters
    ----------
    model : SAM2Base
    images : float tensor of shape (B, 3, S, S)
        From `napari_mae_sam2.model.preprocess.to_input`; S must be the side that the
        model was built for.
    """
    fine, middle, coarse = model.forward_image(images)["backbone_fpn"]
    # Single images have no memory of earlier frames: SAM 2 says so with a vector.
    embedding = coarse + model.no_mem_embed.view(1, -1, 1, 1)  # [B, 256, S/16, S/16]
    return Features(embedding, (fine, middle))


def decode_prompts(
    model: SAM2Base, features: Features, prompts: PromptBatch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the prompt encoder and the mask decoder.

    Parameters
    ----------
    model : SAM2Base
    features : Features
        Of B images, or of one image that all B prompts ask about.
    prompts : PromptBatch
        Of B prompts; an empty one asks once for all leakage of each image.

    Returns
    -------
    logits : tensor of shape (B, 4, S/4, S/4)
        Of the single-mask token and then of the three multimask tokens.
    scores : tensor of shape (B, 4)
        The IoU with the truth that the model expects of each.
    """
    points = None
    if prompts.xy is not None and prompts.labels is not None:
        points = (prompts.xy, prompts.labels)
    sparse, dense = model.sam_prompt_encoder(
        points=points, boxes=None, masks=prompts.mask
    )
    images = len(features.embedding)
    if points is None and prompts.mask is None and images > 1:
        # Nothing was said of any image, so the prompt encoder made a batch of one.
        sparse = sparse.expand(images, -1, -1)
        dense = dense.expand(images, -1, -1, -1)
    logits, scores, _, _ = model.sam_mask_decoder.predict_masks(
        image_embeddings=features.embedding,
        image_pe=model.sam_prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        repeat_image=images == 1 and len(sparse) > 1,
        high_res_features=list(features.high_res),
    )
    return logits, scores
