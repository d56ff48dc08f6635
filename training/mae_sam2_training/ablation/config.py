"""The recipe of an ablation: which cells there are, and what all of them share."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from mae_sam2_training.config import Section
from mae_sam2_training.evaluation.config import EvaluateConfig
from mae_sam2_training.losses import LossConfig

Share = Annotated[float, Field(gt=0, le=1)]


class AblateConfig(Section):
    """Cells are encoders x losses, and encoders x shares of the labels."""

    encoders: dict[str, str] = Field(default_factory=lambda: {"SAM 2": "official"})
    """Weights to start from by the name of their row: a file, whose relative path
    starts at the recipe's folder, or "official" (SAM 2 tiny as Meta published it),
    "packaged" or "in use". A row called SAM 2 must start from SAM 2's own. The first
    is what the others are compared with."""
    losses: dict[str, LossConfig] = Field(
        default_factory=lambda: {"0.9 Dice + 0.1 BCE": LossConfig()}
    )
    """Losses by the name of their row; the first is used for the shares of labels."""
    fractions: tuple[Share, ...] = (1.0,)
    """Shares of the training patients for the label curve; smaller ones are nested."""
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    """Every cell is trained once per seed."""
    folds: int = Field(0, ge=0)
    """Hold out every part of the patients once; 0 uses the splits of the manifest,
    and measures on its test rows where it has some."""
    finetune: dict[str, Any] = Field(default_factory=dict)
    """Sections of the fine-tuning recipe that all cells share."""
    evaluate: EvaluateConfig = EvaluateConfig()
    """How every cell is measured."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("encoders", "losses", "fractions", "seeds"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one")
        if self.folds == 1:
            raise ValueError("folds must be 0 or at least 2")
        if "loss" in self.finetune:
            raise ValueError("finetune.loss is set by losses: name it there")
        return self
