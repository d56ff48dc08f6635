"""The recipe of fine-tuning: every setting, its default and what it does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mae_sam2_training.config import Fraction, LoopConfig, RunConfig, Section
from mae_sam2_training.data.augment import AugmentConfig, CropConfig
from mae_sam2_training.losses import LossConfig


class DataConfig(Section):
    """Which frames train and which are held out."""

    validation: Fraction = 0.2
    """Share of the patients that is held out, where the manifest names no split."""
    folds: int = Field(0, ge=0)
    """Divide the patients into so many folds instead; 0 does not."""
    fold: int = Field(0, ge=0)
    """Which fold is held out."""
    label_fraction: float = Field(1.0, gt=0, le=1)
    """Share of the training patients that is used; smaller shares are nested."""
    foreground: tuple[int, ...] = ()
    """Values of the masks that are leakage, where they are not 0 and 255."""
    beside: str = ""
    """Another manifest, all of which is trained on whatever is held out, such as frames
    that do not leak; empty for none."""
    backgrounds: str = ""
    """Folder of frames without leakage into which some is drawn for training; empty
    for none."""
    drawn: int = Field(0, ge=0)
    """Frames with leakage drawn into `backgrounds` per epoch."""
    late: int = Field(0, ge=0)
    """Late frames with many soft patches drawn into `backgrounds` per epoch."""
    discs: int = Field(0, ge=0)
    """Drawn eyes per epoch whose optic disc is asked for with a box, so that a box goes
    on meaning what it surrounds."""
    leaking: str = ""
    """Folder of frames that leak by themselves, unlabelled, into which more is drawn:
    they are never asked for all leakage, only for what was drawn; empty for none."""
    drawn_beside: int = Field(0, ge=0)
    """Frames with leakage drawn into `leaking` per epoch."""

    @model_validator(mode="after")
    def _check(self) -> DataConfig:
        if self.folds == 1:
            raise ValueError("data.folds must be 0 or at least 2")
        if self.folds and self.fold >= self.folds:
            raise ValueError("data.fold must be smaller than data.folds")
        if bool(self.drawn or self.late) != bool(self.backgrounds):
            raise ValueError(
                "data.backgrounds goes together with data.drawn or data.late"
            )
        if bool(self.drawn_beside) != bool(self.leaking):
            raise ValueError("data.drawn_beside and data.leaking go together")
        return self


class TrainConfig(Section):
    """Which weights change."""

    what: Literal["decoder", "last_blocks", "lora", "all"] = "decoder"
    """decoder: mask decoder and prompt encoder on embeddings made once; lora: these and
    adapters in the trunk; last_blocks: these, the last blocks of the trunk and all that
    follows it; all: everything."""
    blocks: int = Field(2, ge=1)
    """Blocks of the trunk that last_blocks trains, counted from the end."""
    rank: int = Field(8, ge=1)
    """Rank of the adapters of lora."""
    alpha: float = Field(16.0, gt=0)
    """Scale of the adapters of lora: alpha / rank."""
    encoder_rate: Fraction = 0.1
    """Learning rate of the encoder as a share of the decoder's."""
    layer_decay: float = Field(0.8, gt=0, le=1)
    """Factor on the learning rate for every block that is further from the end."""
    side: int = Field(0, ge=0, multiple_of=32)
    """Side in pixels of the square that the encoder sees in training; 0 is the
    model's own. 512 costs a quarter of 1024; let `crop` show halves of the frames
    then, so that lesions have the size that they will have."""
    sides: tuple[int, ...] = ()
    """Sides in pixels of which one is drawn for each step, instead of `side`, or,
    for what = decoder, for each embedding, so that answers depend little on it."""
    views: int = Field(2, ge=1)
    """Embeddings per training frame for what = decoder; all but the first are
    augmented. A drawn frame has one, augmented."""
    embeddings: str = ""
    """Folder of embeddings that several runs share, for what = decoder; empty for one
    in the run folder, which is kept small."""


class PromptConfig(Section):
    """What the simulated grader does in training."""

    all: float = Field(0.3, ge=0)
    """Weight of asking for all leakage without any prompt."""
    click: float = Field(0.5, ge=0)
    """Weight of clicking on one lesion."""
    box: float = Field(0.12, ge=0)
    """Weight of a box around one lesion."""
    mask: float = Field(0.08, ge=0)
    """Weight of a rough mask of one lesion."""
    per_view: int = Field(1, ge=1)
    """Sessions on each view in a step, for one encoding. loop.batch counts sessions
    and must be a multiple."""
    corrections: int = Field(2, ge=0)
    """Clicks into the largest error at most after the first prompt; how many is
    drawn anew for each step."""

    @model_validator(mode="after")
    def _check(self) -> PromptConfig:
        if not self.all + self.click + self.box + self.mask:
            raise ValueError("at least one kind of prompt must have a weight")
        return self


class ValidationConfig(Section):
    """How the held-out frames are looked at."""

    clicks: int = Field(3, ge=1)
    """Clicks of the ideal grader on each lesion."""
    lesions: int = Field(4, ge=1)
    """Lesions per frame that are clicked on: the largest ones."""
    frames: int = Field(100, ge=1)
    """Held-out frames that are looked at, at most."""
    overlap: float = Field(0.25, gt=0, le=1)
    """Share of a lesion that the answer without a click must cover to have found it."""


class FinetuneLoop(LoopConfig):
    """The training loop, as long as a round on a laptop may take."""

    steps: int = Field(60, ge=1)
    """Optimiser steps at most; early stopping may end before."""
    learning_rate: float = Field(3e-4, gt=0)
    """Peak learning rate of AdamW, for the decoder."""
    validate_every: int = Field(20, ge=1)
    """Steps between two looks at the held-out data."""
    save_every: int = Field(20, ge=1)
    """Steps between two saved states: the most that a kill can cost."""
    patience: int = Field(3, ge=0)
    """Looks without a better score before the run ends; 0 never ends early."""


class FinetuneConfig(Section):
    """The recipe of fine-tuning."""

    data: DataConfig = DataConfig()
    """Which frames train and which are held out."""
    crop: CropConfig = CropConfig()
    """Crops at full resolution for small lesions."""
    augment: AugmentConfig = AugmentConfig()
    """Augmentation of the training side."""
    prompts: PromptConfig = PromptConfig()
    """The simulated grader."""
    loss: LossConfig = LossConfig()
    """Weights of the losses."""
    train: TrainConfig = TrainConfig()
    """Which weights change."""
    validation: ValidationConfig = ValidationConfig()
    """How the held-out frames are looked at."""
    loop: FinetuneLoop = FinetuneLoop()
    """How long, how fast, how often to look."""
    run: RunConfig = RunConfig()
    """Seed, devices, precision."""

    @model_validator(mode="after")
    def _check(self) -> FinetuneConfig:
        if self.loop.batch % self.prompts.per_view:
            raise ValueError("loop.batch must be a multiple of prompts.per_view")
        return self
