"""The recipe of a masked pre-training."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic needs it at run time

from pydantic import Field, model_validator

from mae_sam2_training.config import LoopConfig, RunConfig, Section
from mae_sam2_training.crops import CropConfig
from mae_sam2_training.kept_features import TURNS


class SourceConfig(Section):
    """One dataset of the mixture."""

    path: Path
    """A folder of frames, a study folder or a manifest in CSV."""
    weight: float = Field(1.0, gt=0)
    """How often frames are drawn from it, relative to the other sources."""


class DataConfig(Section):
    """Which frames are learnt from, and what is shown of them."""

    sources: tuple[SourceConfig, ...] = ()
    """The datasets; the command line adds to them."""
    drawn: float = Field(0.0, ge=0)
    """Weight of whole synthetic frames among the sources."""
    drawn_side: int = Field(768, ge=64)
    """Side of the synthetic frames in pixels."""
    held_out: tuple[SourceConfig, ...] = ()
    """Frames to measure the loss on; never learnt from. Of a manifest that names
    splits, the rows of "val"."""
    held_out_crops: int = Field(32, ge=1)
    """Crops of the held-out frames that are looked at, always the same."""
    crop: CropConfig = CropConfig()
    """What is shown of a frame."""


class MaskedConfig(Section):
    """The masked autoencoder."""

    ratio: float = Field(0.75, gt=0, lt=1)
    """Share of the 32-pixel units in every window that is masked."""
    width: int = Field(256, ge=16)
    """Channels of the decoder."""
    depth: int = Field(4, ge=0)
    """Transformer blocks of the decoder."""
    heads: int = Field(8, ge=1)
    """Attention heads of a block."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Factor on the learning rate from a block of the trunk to the one before it."""
    keep: float = Field(0.0, ge=0)
    """Weight of the loss that keeps the features of whole crops as they were; 0: the
    pixels alone decide."""
    keep_turns: int = Field(1, ge=1, le=TURNS)
    """Ways in which a crop is turned and mirrored for the features of before, of which
    the mean counts; with more than one they are drawn anew for each batch."""
    keep_share: float = Field(0.25, gt=0, le=1)
    """Share of each batch's crops that are looked at whole for it; at least one."""

    @model_validator(mode="after")
    def _check(self) -> MaskedConfig:
        if self.width % 4 or self.width % self.heads:
            raise ValueError("width must be a multiple of 4 and of heads")
        return self


class PretrainLoop(LoopConfig):
    """The training loop, as long as a continued pre-training wants it."""

    steps: int = Field(2000, ge=1)
    """Optimiser steps at most; early stopping may end before."""
    batch: int = Field(16, ge=1)
    """Crops per step over all devices together."""
    learning_rate: float = Field(1.5e-4, gt=0)
    """Peak learning rate of AdamW."""


class PretrainConfig(Section):
    """Masked pre-training of a SAM 2 trunk."""

    run: RunConfig = RunConfig()
    """Where it computes."""
    loop: PretrainLoop = PretrainLoop()
    """How long and how fast."""
    data: DataConfig = DataConfig()
    """What it learns from."""
    mae: MaskedConfig = MaskedConfig()
    """How."""
    weights: Path | None = None
    """Weights whose trunk is trained on; those in use by default."""
