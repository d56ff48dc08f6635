"""The recipe of a classification."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mae_sam2_training.config import Fraction, Section

Share = Annotated[float, Field(gt=0, le=1)]


class HeadConfig(Section):
    """The head on the pooled features, and how it is fitted."""

    kind: Literal["linear", "mlp"] = "linear"
    """linear: a linear probe; mlp: one hidden layer."""
    hidden: int = Field(256, ge=1)
    """Width of the hidden layer of mlp."""
    dropout: Fraction = 0.2
    """Before the last layer of mlp."""
    steps: int = Field(300, ge=1)
    """Steps of AdamW, each on all training frames."""
    learning_rate: float = Field(0.01, gt=0)
    """Peak learning rate; it falls to zero as a cosine."""
    weight_decay: float = Field(0.1, ge=0)
    """Decoupled weight decay: few labels want much of it."""


class EncoderConfig(Section):
    """What of the encoder is trained."""

    what: Literal["head", "last_blocks"] = "head"
    """head: the encoder stays as it is and every frame is encoded once; last_blocks:
    the head is fitted first, then it and the last blocks of the trunk together."""
    blocks: int = Field(1, ge=1)
    """Blocks of the trunk that last_blocks trains, counted from the end."""
    epochs: int = Field(5, ge=1)
    """Times that last_blocks sees each frame."""
    batch: int = Field(4, ge=1)
    """Frames per step of last_blocks."""
    learning_rate: float = Field(1e-5, gt=0)
    """Of last_blocks, for blocks and head."""
    image_size: int = Field(0, ge=0, multiple_of=32)
    """Side of the encoder's input; 0 takes the model's own."""


class ClassifyConfig(Section):
    """The recipe of a classification."""

    folds: int = Field(5, ge=2)
    """Parts of the patients, each of which is held out once."""
    fractions: tuple[Share, ...] = (1.0,)
    """Shares of the training labels to learn from; smaller ones are nested."""
    head: HeadConfig = HeadConfig()
    """The head."""
    encoder: EncoderConfig = EncoderConfig()
    """The encoder."""
    resamples: int = Field(2000, ge=100)
    """Bootstrap resamples of the patients."""
    confidence: Fraction = 0.95
    """Of the confidence intervals."""
    seed: int = Field(0, ge=0)
    """Of folds, fractions, head and bootstrap."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.fractions:
            raise ValueError("fractions must name at least one share, such as 1.0")
        if not 0 < self.confidence < 1:
            raise ValueError("confidence must lie between 0 and 1")
        return self
