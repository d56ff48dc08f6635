"""The settings of an evaluation."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from mae_sam2_training.config import Fraction, Section

CLICKS = (0, 1, 3, 5)
"""Numbers of clicks after which the agreement is reported."""
TARGETS = (0.5, 0.7, 0.8)
"""Dice values to which clicks are counted."""


class EvaluateConfig(Section):
    """What is measured, and how."""

    split: Literal["auto", "train", "val", "test", "all"] = "auto"
    """Rows of the manifest to measure on; auto takes test, else val, else all."""
    foreground: tuple[int, ...] = ()
    """Values of the masks that are leakage, where they are not 0 and 255."""
    frames: int = Field(0, ge=0)
    """Frames that are measured, at most, chosen by the seed; 0 takes all."""
    lesions: int = Field(0, ge=0)
    """Lesions per frame that are clicked on, the largest ones; 0 takes all."""
    min_area: int = Field(20, ge=1)
    """Lesions and found pieces of fewer pixels are not counted one by one."""
    max_clicks: int = Field(10, ge=max(CLICKS))
    """The simulated grader gives a lesion up after so many clicks."""
    tolerance: float = Field(2.0, gt=0)
    """Distance in pixels within which two outlines agree (surface Dice)."""
    overlap: float = Field(0.25, gt=0, le=1)
    """Share of a lesion that must be found, and of a found piece that must be
    leakage, for either to count as right."""
    bins: int = Field(10, ge=2)
    """Bins of the reliability curve."""
    resamples: int = Field(2000, ge=100)
    """Bootstrap resamples of the patients."""
    confidence: Fraction = 0.95
    """Of the confidence intervals."""
    seed: int = Field(0, ge=0)
    """Of the choice of frames and of the bootstrap."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not 0 < self.confidence < 1:
            raise ValueError("confidence must lie between 0 and 1")
        return self
