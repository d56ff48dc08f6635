from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.engine.progress import SilentReporter
from mae_sam2_training.rounds import cost
from mae_sam2_training.rounds.cost import TYPICAL, Stopwatch, cost_from, counted
from mae_sam2_training.rounds.estimating import estimate, in_words
from mae_sam2_training.rounds.folder import Rounds

if TYPE_CHECKING:
    from pathlib import Path


def test_time_is_counted_for_what_it_was_spent_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 4.0, 8.0, 9.0, 10.5, 20.0, 21.0, 30.0])
    monkeypatch.setattr(cost.time, "monotonic", lambda: next(clock))
    watch = Stopwatch(SilentReporter())
    for event in ("embed", "embed", "phase", "validate", "measure", "judged"):
        watch.report(event)  # type: ignore[arg-type]
    said = counted(watch, views=1, steering=3)  # one view was there already
    assert said == {
        "embed": 8.0, "step": None, "look": 0.5, "measure": 9.5, "guards": 1.0,
        "other": 10.0,
    }  # fmt: skip
    found = cost_from(said)
    assert (found.embed, found.step) == (8.0, TYPICAL.step)
    assert found.seconds(2, 10, 4, 1, guards=False) == (
        16 + 10 * TYPICAL.step + 2 + 9.5 + 10
    )


def test_an_estimate_before_the_first_round_says_what_it_rests_on(
    study: Path, weights: Path
) -> None:
    told = estimate(study, base=weights)
    assert not told["measured"]
    assert (told["train"], told["val"], told["test"], told["new"]) == (4, 1, 1, 6)
    # four cases in two views and one that steers, which is looked at four times
    assert told["seconds"] == pytest.approx(TYPICAL.seconds(9, 60, 4, 1))
    assert "as on a laptop of two cores" in in_words(told)
    assert Rounds(study).numbers() == []
    longer = estimate(study, base=weights, overrides=["finetune.loop.steps=120"])
    assert longer["seconds"] > told["seconds"] + 60
