"""Losses of masks: weighted sums of Dice, BCE, focal, Tversky and focal Tversky.

Every loss gives one value per mask, so that the best of three candidates can be
taken. Targets may be soft: the share of a low-resolution pixel that is leakage.
"""

from __future__ import annotations

import torch
from monai.losses import DiceLoss, FocalLoss, TverskyLoss
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mae_sam2_training.config import Fraction, Section

SMOOTH = 1.0
"""Added to numerator and denominator of the overlap losses, in pixels.

For an empty target Dice is then 1 / (predicted area + 1): 0 loss for an empty
prediction, and a loss near 1 for any real area. Its slope is small where much is
predicted, and the pixel-wise part of the sum (BCE or focal) does that work.
"""


class LossConfig(Section):
    """Weights of the losses; those at 0 are not computed."""

    dice: float = Field(0.9, ge=0)
    """Soft Dice (Milletari 2016)."""
    bce: float = Field(0.1, ge=0)
    """Binary cross-entropy, averaged over pixels."""
    focal: float = Field(0.0, ge=0)
    """Focal loss (Lin 2017), averaged over pixels."""
    tversky: float = Field(0.0, ge=0)
    """Tversky (Salehi 2017)."""
    focal_tversky: float = Field(0.0, ge=0)
    """Tversky to a power (Abraham 2019)."""
    focal_gamma: float = Field(2.0, ge=0)
    """Exponent of the focal loss."""
    tversky_false_positive: Fraction = 0.3
    """Weight of false positives in Tversky (its alpha)."""
    tversky_false_negative: Fraction = 0.7
    """Weight of false negatives in Tversky (its beta)."""
    focal_tversky_gamma: float = Field(0.75, gt=0)
    """Exponent of focal Tversky; below 1 looks at what is already good, less."""
    score: float = Field(0.5, ge=0)
    """Weight of the squared error of the expected IoU, for all four mask tokens."""

    @model_validator(mode="after")
    def _some_loss(self) -> LossConfig:
        parts = (self.dice, self.bce, self.focal, self.tversky, self.focal_tversky)
        if not any(parts):
            raise ValueError("at least one loss of the mask must have a weight")
        return self


class MaskLoss(nn.Module):
    """The weighted sum of the losses of masks.

    Parameters
    ----------
    config : LossConfig
        Weights and exponents.
    """

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self._config = config
        self._dice = DiceLoss(
            sigmoid=True, reduction="none", smooth_nr=SMOOTH, smooth_dr=SMOOTH
        )
        self._focal = FocalLoss(gamma=config.focal_gamma, reduction="none")
        self._tversky = TverskyLoss(
            sigmoid=True,
            reduction="none",
            alpha=config.tversky_false_positive,
            beta=config.tversky_false_negative,
            smooth_nr=SMOOTH,
            smooth_dr=SMOOTH,
        )

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Give the loss of each mask.

        Parameters
        ----------
        logits : float tensor of shape (N, H, W)
            Above 0 is leakage.
        target : float tensor of shape (N, H, W)
            0 to 1.

        Returns
        -------
        float tensor of shape (N,)
        """
        config = self._config
        logits, target = logits[:, None].float(), target[:, None]  # [N, 1, H, W]
        total = logits.new_zeros(len(logits))
        if config.dice:
            total = total + config.dice * _each(self._dice(logits, target))
        if config.bce:
            bce = binary_cross_entropy_with_logits(logits, target, reduction="none")
            total = total + config.bce * _each(bce)
        if config.focal:
            total = total + config.focal * _each(self._focal(logits, target))
        if config.tversky or config.focal_tversky:
            tversky = _each(self._tversky(logits, target))
            total = total + config.tversky * tversky
            if config.focal_tversky:
                # away from 0, where a power below 1 has no slope
                power = tversky.clamp_min(1e-6) ** config.focal_tversky_gamma
                total = total + config.focal_tversky * power
        return total


def _each(values: Tensor) -> Tensor:
    """Average over everything but the first axis."""
    return values.flatten(1).mean(1)


def true_iou(logits: Tensor, target: Tensor) -> Tensor:
    """Give the IoU of masks with their targets, both cut in two.

    Parameters
    ----------
    logits : tensor of shape (..., H, W)
        Above 0 is leakage.
    target : tensor that broadcasts to the same shape
        Above one half is leakage.

    Returns
    -------
    float tensor of shape (...)
        1 where both are empty.
    """
    predicted, wanted = logits > 0, target > 0.5
    both = (predicted & wanted).sum((-2, -1)).float()
    either = (predicted | wanted).sum((-2, -1)).float()
    return torch.where(either > 0, both / either.clamp_min(1), 1.0)
