"""The recipe of a simulation: data, rounds, strategies, grader, training."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from mae_sam2_training.config import Fraction, Section
from mae_sam2_training.evaluation.config import EvaluateConfig
from mae_sam2_training.finetune_config import FinetuneConfig
from mae_sam2_training.rounds.simulated_grader import GraderConfig
from mae_sam2_training.rounds.strategies import STRATEGIES, Strategy


class SimulateConfig(Section):
    """Rounds of labelling and training with a simulated grader."""

    frames: str = ""
    """Folder of frames without leakage into which some is drawn; empty draws eyes."""
    pool: int = Field(60, ge=2)
    """Frames that may be labelled."""
    test: int = Field(20, ge=2)
    """Frames of the frozen test, of other eyes than the pool."""
    size: int = Field(512, ge=64)
    """Longer side of the frames in pixels."""
    contrast: tuple[float, float] = (10.0, 110.0)
    """Mean height of leaks drawn into real frames, in grey levels of 255."""
    margin: Fraction = 0.0
    """By how much the grader outlines more widely than the leak, as a share of the
    longer side: a habit that a model trained on exact masks has yet to learn."""
    data_seed: int = Field(0, ge=0)
    """Of the frames and of the test set, which all runs share."""
    rounds: int = Field(4, ge=1)
    """Rounds of labelling and training."""
    per_round: int = Field(10, ge=1)
    """Frames that are labelled in each."""
    strategies: tuple[Strategy, ...] = STRATEGIES
    """Compared with each other; the first round is drawn at random for all."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of the first draw and of training; every strategy is run with each."""
    start: Literal["base", "in_use"] = "base"
    """Whether a round trains the base anew or the last model further."""
    side: int = Field(0, ge=0, multiple_of=32)
    """Side in pixels of what the model sees; 0 is its own."""
    grader: GraderConfig = GraderConfig()
    """The simulated grader."""
    finetune: FinetuneConfig = FinetuneConfig()
    """How a round trains; a fifth of the labels steers."""
    evaluate: EvaluateConfig = EvaluateConfig(lesions=4)
    """How the frozen test is measured."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.rounds * self.per_round > self.pool:
            raise ValueError(
                f"{self.rounds} rounds of {self.per_round} frames need a pool of "
                f"{self.rounds * self.per_round}"
            )
        if not self.strategies or not self.seeds:
            raise ValueError("at least one strategy and one seed are needed")
        if self.finetune.run.devices * self.finetune.run.nodes > 1:
            raise ValueError("a simulation trains in one process: leave run.devices")
        return self
