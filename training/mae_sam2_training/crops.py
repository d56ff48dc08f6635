"""Random crops of frames: cut, resized, flipped and exposed differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator

from mae_sam2_training.config import Fraction, Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIES = 8  # crops looked at before a dark one is taken
_DARK = 12  # of 255: the border around the field lies below
_LIT = 0.5  # share of a crop that should be field


class CropConfig(Section):
    """What a crop shows of its frame."""

    side: int = Field(448, ge=224)
    """Pixels a side; a multiple of 224 (of 256 for the large trunk)."""
    smallest: Fraction = 0.35
    """Shortest side of a crop as a share of the frame's; SAM 2 sees whole frames."""
    largest: Fraction = 1.0
    """Longest side of a crop as a share of the frame's."""
    stretch: float = Field(1.15, ge=1)
    """Largest ratio by which the proportions are changed either way."""
    flip: Fraction = 0.5
    """Probability of a left-right flip, and of half of it for an up-down one."""
    gamma: float = Field(0.3, ge=0, lt=1)
    """Largest change of gamma either way, as exposures differ."""

    @model_validator(mode="after")
    def _check(self) -> CropConfig:
        if not 0 < self.smallest <= self.largest:
            raise ValueError("smallest must be above 0 and at most largest")
        return self


def crop_frame(
    rgb: NDArray[np.uint8], config: CropConfig, rng: np.random.Generator
) -> torch.Tensor:
    """Cut a random crop out of a frame, resize, flip and expose it differently.

    Parameters
    ----------
    rgb : uint8 array of shape (H, W, 3)
        A frame.
    config : CropConfig
        How.
    rng : Generator
        Everything random comes from here.

    Returns
    -------
    float32 tensor of shape (3, side, side)
        Between 0 and 1.
    """
    rows, columns = _window(rgb, config, rng)
    crop = np.ascontiguousarray(rgb[rows, columns].transpose(2, 0, 1))
    image = torch.from_numpy(crop)[None].float() / 255  # [1, 3, h, w]
    size = (config.side, config.side)
    image = F.interpolate(image, size, mode="bilinear", antialias=True)[0]
    if rng.random() < config.flip:
        image = image.flip(2)
    if rng.random() < config.flip / 2:
        image = image.flip(1)
    if config.gamma:
        image = image.clamp(0, 1) ** float(1 + config.gamma * rng.uniform(-1, 1))
    return image.clamp(0, 1).contiguous()


def _window(
    rgb: NDArray[np.uint8], config: CropConfig, rng: np.random.Generator
) -> tuple[slice, slice]:
    """Choose a window that shows the field rather than the dark border."""
    height, width = rgb.shape[:2]
    best: tuple[float, tuple[slice, slice]] | None = None
    for _ in range(_TRIES):
        share = np.exp(rng.uniform(np.log(config.smallest), np.log(config.largest)))
        stretch = np.exp(rng.uniform(-1, 1) * np.log(config.stretch) / 2)
        down = int(np.clip(round(height * share * stretch), 16, height))
        across = int(np.clip(round(width * share / stretch), 16, width))
        top = int(rng.integers(height - down + 1))
        left = int(rng.integers(width - across + 1))
        window = slice(top, top + down), slice(left, left + across)
        lit = float((rgb[window][::8, ::8].max(axis=2) > _DARK).mean())
        if best is None or lit > best[0]:
            best = lit, window
        if lit >= _LIT:
            break
    assert best is not None
    return best[1]
