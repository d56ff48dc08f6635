"""A masked autoencoder around SAM2's own Hiera trunk.

The encoder is the trunk of a SAM2 model itself, run on the visible units alone
(`hiera_sparse`): training it trains the SAM2 model it belongs to, and nothing has to be
renamed or copied back. Source: MAE (arXiv 2111.06377), Hiera (arXiv 2306.00989).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from mae_sam2_training.hiera_sparse import encode_visible, window_units
from mae_sam2_training.mae_decoder import MaskedDecoder
from mae_sam2_training.masking import UNIT

if TYPE_CHECKING:
    from torch import Tensor

    from mae_sam2_training.masking import UnitMask

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
FLAT_STD = 2 / 255
"""Added to a unit's standard deviation, so that the noise of the dark border around
the field is not blown up to the contrast of vessels."""


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """What the autoencoder made of a batch.

    Attributes
    ----------
    loss : float tensor without dimensions
        Mean squared error of the normalised pixels of the masked units.
    prediction : float tensor of shape (B, masked units, 3072)
        Normalised pixels, in the order of `mask.masked`.
    """

    loss: Tensor
    prediction: Tensor


class HieraMAE(nn.Module):
    """Masked autoencoder around the trunk of a SAM2 model.

    Parameters
    ----------
    trunk : sam2.modeling.backbones.hieradet.Hiera
        Used and trained in place.
    width, depth, heads : int
        Size of the decoder.

    Raises
    ------
    ValueError
        If the trunk's windows do not line up with 32-pixel units.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        trunk: nn.Module,
        width: int = 256,
        depth: int = 4,
        heads: int = 8,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.window = window_units(trunk)
        channels = [int(count) for count in trunk.channel_list][::-1]  # type: ignore
        self.decoder = MaskedDecoder(channels, width, depth, heads, 3 * UNIT * UNIT)
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(shape), persistent=False)

    def forward(self, images: Tensor, mask: UnitMask) -> Reconstruction:
        """Encode the visible units, predict the masked ones and compare.

        Parameters
        ----------
        images : float tensor of shape (B, 3, H, W)
            Between 0 and 1; H and W multiples of 32 times `window` (224 pixels, for
            the large trunk 256).
        mask : UnitMask
            From `stratified_mask` with the trunk's `window`.
        """
        prediction = self.predict(images, mask)
        return Reconstruction(masked_loss(prediction, images, mask), prediction)

    def predict(self, images: Tensor, mask: UnitMask) -> Tensor:
        """Predict the normalised pixels of the masked units, (B, masked, 3072)."""
        features = encode_visible(self.trunk, self.normalise(images), mask)
        return self.decoder(features, mask)

    def normalise(self, images: Tensor) -> Tensor:
        """Bring images from 0 to 1 to what SAM2's trunk expects."""
        return (images - self.mean) / self.std


def pixels_of_units(images: Tensor, units: Tensor) -> Tensor:
    """Cut mask units out of images.

    Parameters
    ----------
    images : tensor of shape (B, C, H, W)
    units : int64 tensor of shape (B, ...)
        Numbers of units, counted row by row; trailing axes are flattened.

    Returns
    -------
    tensor of shape (B, units, C * 32 * 32)
    """
    cut = images.unfold(2, UNIT, UNIT).unfold(3, UNIT, UNIT)  # [B, C, rows, cols, ...]
    cols = cut.shape[3]
    units = units.flatten(1)
    which = torch.arange(len(images), device=images.device)[:, None]
    return cut[which, :, units // cols, units % cols].flatten(2)


def normalised(pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise each unit by its own mean and deviation; gives these two as well."""
    pixels = pixels.float()
    mean = pixels.mean(-1, keepdim=True)
    std = pixels.std(-1, keepdim=True) + FLAT_STD
    return (pixels - mean) / std, mean, std


def masked_loss(prediction: Tensor, images: Tensor, mask: UnitMask) -> Tensor:
    """Mean squared error on the normalised pixels of the masked units alone."""
    target = normalised(pixels_of_units(images, mask.masked))[0]
    return (prediction.float() - target).square().mean()


def paint(images: Tensor, prediction: Tensor, mask: UnitMask) -> tuple[Tensor, Tensor]:
    """Show what the encoder saw and what the autoencoder made of it.

    The predicted units get the mean and deviation of the true ones back, which the
    autoencoder does not predict: for the eye alone.

    Parameters
    ----------
    images : float tensor of shape (B, 3, H, W)
        Between 0 and 1.
    prediction : float tensor of shape (B, masked units, 3072)
        From `HieraMAE.predict` of these images.
    mask : UnitMask
        The mask they were encoded with.

    Returns
    -------
    seen, painted : float tensors of shape (B, 3, H, W)
    """
    masked = mask.masked.flatten(1)
    _, mean, std = normalised(pixels_of_units(images, masked))
    units = (prediction.float() * std + mean).clamp(0, 1)
    painted = images.clone()
    grid = painted.unfold(2, UNIT, UNIT).unfold(3, UNIT, UNIT)  # a view of `painted`
    which = torch.arange(len(images), device=images.device)[:, None]
    grid[which, :, masked // mask.cols, masked % mask.cols] = units.unflatten(
        2, (images.shape[1], UNIT, UNIT)
    ).to(images.dtype)
    return images.masked_fill(mask.hidden_pixels, 0.5), painted
