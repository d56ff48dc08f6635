"""The recipe of a round: how it trains, measures and is judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mae_sam2_training.config import Fraction, Section
from mae_sam2_training.evaluation.config import EvaluateConfig
from mae_sam2_training.finetune_config import FinetuneConfig


class GuardConfig(Section):
    """What a new model may never do, however good its mean is."""

    empty: Fraction = 0.1
    """Share of the leaking frames that may turn empty, beyond the old model's."""
    area: float = Field(2.0, gt=1)
    """Called area at most, as a multiple of the true one, unless the old model calls
    more."""
    false_leakage: Fraction = 0.02
    """Share of the field that may be called leakage in frames without any, beyond
    what the old model calls."""
    kind_dice: Fraction = 0.2
    """How much the Dice after three clicks may fall for one kind of lesion."""
    kind_found: Fraction = 0.3
    """How much the share of found lesions may fall for one kind."""
    kind_lesions: int = Field(3, ge=1)
    """Kinds with fewer lesions in the test are not judged."""
    way: Fraction = 0.05
    """How much each way of asking (no click, one, three) may fall in Dice."""
    disc: Fraction = 0.1
    """How much the Dice of a box around the optic disc may fall below the base's."""
    discs: int = Field(4, ge=0)
    """Drawn eyes for that; 0 does not look."""


class RoundConfig(Section):
    """A round of a study."""

    start: Literal["base", "in_use"] = "base"
    """base trains the base on all labels anew; in_use trains the model in use on."""
    test: Fraction = 0.2
    """Share of the patients that is tested on where no test set is reserved."""
    finetune: FinetuneConfig = FinetuneConfig()
    """How it is trained; data.validation is the share of patients that steers."""
    evaluate: EvaluateConfig = EvaluateConfig(lesions=6)
    """How old and new model are measured on the test cases."""
    guards: GuardConfig = GuardConfig()
    """What forbids a promotion."""
