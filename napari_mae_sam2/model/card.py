"""What a set of weights says of itself: the model card kept inside the file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

import napari_mae_sam2
from napari_mae_sam2.model.architectures import (
    STRIDE,
    Architecture,
    ArchitectureName,
    ArchitectureVersion,
)

INTENDED_USE = (
    "Proposing leakage on fluorescein angiography frames to a trained grader, who "
    "corrects every proposal; research use, no medical device."
)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class PromptFree(BaseModel):
    """How a model answers where it is asked for all leakage, without a prompt.

    Found on frames that the weights were not trained on.
    """

    model_config = ConfigDict(frozen=True)

    token: int = Field(default=0, ge=0, le=3)
    """Mask token that answers: 0 is the single-mask token, which other prompts use."""
    cutoff: FiniteFloat = 0.0
    """Logit of the token above which a pixel is leakage."""
    temperature: FiniteFloat = Field(default=1.0, gt=0)
    """What logits are divided by, so that probabilities mean what they say."""


class ModelCard(BaseModel):
    """Origin, purpose and measured quality of a set of weights.

    Fields that a later version adds are kept when a card is read and written again.
    """

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    architecture: ArchitectureName
    version: ArchitectureVersion = "2.0"
    image_size: int = Field(default=1024, ge=STRIDE, multiple_of=STRIDE)
    """Side in pixels of the square that the encoder was trained on."""
    name: str = ""
    """What people call it; empty for the name of the architecture."""
    round: int = Field(default=0, ge=0)
    """Training round it came out of; 0 for weights that no round has changed."""
    parent: str | None = None
    """Fingerprint of the weights that training started from."""
    data_sha256: str | None = None
    """Hash of the labels that it was trained on."""
    metrics: dict[str, FiniteFloat] = Field(default_factory=dict)
    """Measured figures by name, each on held-out cases unless its name says not."""
    licence: str = ""
    intended_use: str = INTENDED_USE
    origin: str = ""
    """Where the first of its ancestors came from."""
    created: str = Field(default_factory=_now)
    """UTC time, ISO 8601."""
    software: str = f"napari-mae-sam2 {napari_mae_sam2.__version__}"
    notes: str = ""
    prompt_free: PromptFree = PromptFree()

    @property
    def title(self) -> str:
        """Short name and round, for the window and the record."""
        name = self.name or str(self.built_as)
        return f"{name}, round {self.round}" if self.round else name

    @property
    def built_as(self) -> Architecture:
        """The architecture to build."""
        return Architecture(self.architecture, self.version)

    @model_validator(mode="after")
    def _created_is_a_time(self) -> Self:
        datetime.fromisoformat(self.created)
        return self
