"""Which 32-pixel mask units the encoder sees, stratified by attention window.

Every window keeps the same number of units, so that the visible tokens of all windows
form one dense tensor and nothing has to be padded (see `hiera_sparse`).
"Masked" means hidden from the encoder, here and everywhere in the pre-training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

UNIT = 32
"""Side of a mask unit in pixels: one token of Hiera's last stage."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitMask:
    """The visible and the masked units of a batch of images.

    Units are numbered row by row over the whole image, from 0 to rows * cols - 1.

    Attributes
    ----------
    visible : int64 tensor of shape (B, windows, kept)
        Units that the encoder sees, window by window, ascending inside a window.
    masked : int64 tensor of shape (B, windows, hidden)
        The other units, in the same order.
    rows, cols : int
        Units down and across the image.
    """

    visible: Tensor
    masked: Tensor
    rows: int
    cols: int

    @property
    def hidden_map(self) -> Tensor:
        """Bool tensor of shape (B, rows, cols), True where a unit is masked."""
        batch = len(self.visible)
        hidden = torch.ones(
            batch, self.rows * self.cols, dtype=torch.bool, device=self.visible.device
        )
        hidden.scatter_(1, self.visible.flatten(1), False)
        return hidden.view(batch, self.rows, self.cols)

    @property
    def hidden_pixels(self) -> Tensor:
        """Bool tensor of shape (B, 1, H, W), True where a pixel is masked."""
        hidden = self.hidden_map.repeat_interleave(UNIT, 1).repeat_interleave(UNIT, 2)
        return hidden[:, None]

    def to(self, device: torch.device) -> UnitMask:
        """Give the same mask on another device."""
        return replace(
            self, visible=self.visible.to(device), masked=self.masked.to(device)
        )


def kept_units(window: int, ratio: float) -> int:
    """Count the units that stay visible in a window of `window` x `window` units.

    Parameters
    ----------
    window : int
        Side of the window in units.
    ratio : float
        Share of masked units, 0 up to but not including 1. At least one unit stays
        visible, and at least one is masked where the ratio is above 0.

    Raises
    ------
    ValueError
        If the ratio is outside [0, 1).
    """
    if not 0 <= ratio < 1:
        raise ValueError(f"the mask ratio must lie in [0, 1), not {ratio}")
    total = window * window
    if ratio == 0:
        return total
    return min(max(round(total * (1 - ratio)), 1), total - 1)


def stratified_mask(
    batch: int,
    side: tuple[int, int],
    window: int,
    ratio: float,
    generator: torch.Generator | None = None,
) -> UnitMask:
    """Draw a random mask that keeps equally many units in every window.

    Parameters
    ----------
    batch : int
        Number of images; each gets a mask of its own.
    side : tuple of int
        Height and width of the images in pixels, multiples of 32 * `window`.
    window : int
        Side of a window in units: 7, or 8 for the large trunk.
    ratio : float
        Share of masked units in every window.
    generator : torch.Generator, optional
        A CPU generator; torch's own by default.

    Raises
    ------
    ValueError
        If the side is no multiple of the window or the ratio is outside [0, 1).
    """
    step = UNIT * window
    if any(length < step or length % step for length in side):
        raise ValueError(
            f"the image side must be a multiple of {step} pixels, not {side}"
        )
    kept = kept_units(window, ratio)
    rows, cols = side[0] // UNIT, side[1] // UNIT
    units = torch.arange(rows * cols).view(rows // window, window, cols // window, -1)
    units = units.transpose(1, 2).reshape(-1, window * window)  # [windows, units]

    noise = torch.rand(batch, *units.shape, generator=generator)
    order = noise.argsort(dim=-1)
    chosen = order[..., :kept].sort(dim=-1).values
    rest = order[..., kept:].sort(dim=-1).values
    units = units.expand(batch, -1, -1)
    return UnitMask(units.gather(2, chosen), units.gather(2, rest), rows, cols)


def join_masks(masks: Sequence[UnitMask]) -> UnitMask:
    """Put masks of single images of one size together into that of a batch."""
    return replace(
        masks[0],
        visible=torch.cat([mask.visible for mask in masks]),
        masked=torch.cat([mask.masked for mask in masks]),
    )
