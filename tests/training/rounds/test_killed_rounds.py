"""Whole rounds killed at random moments: nothing half, and `verify` finds it whole.

MAE_SAM2_KILLS=50 kills as often as one wants to know it.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.places import bench_of
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

QUICK = {
    "finetune.loop.steps": 2,
    "finetune.loop.batch": 2,
    "finetune.loop.validate_every": 2,
    "finetune.train.views": 1,
    "finetune.validation.clicks": 1,
    "finetune.validation.lesions": 1,
    "evaluate.resamples": 100,
    "evaluate.max_clicks": 5,
    "evaluate.lesions": 1,
    "guards.discs": 1,
    "test": 0.34,
}


def begin(study: Path, weights: Path) -> int:
    """Train a round in a process of its own, which has everything imported."""
    options = [
        part for one in QUICK.items() for part in ("--set", "{}={}".format(*one))
    ]
    child = os.fork()
    if not child:
        try:
            main(["round", str(study), "--weights", str(weights), *options])
        finally:
            os._exit(0)
    return child


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_rounds_killed_at_random_moments_leave_nothing_half(
    study: Path, weights: Path
) -> None:
    drawn, rounds = random.Random(7), Rounds(study)
    kills, takes = int(os.environ.get("MAE_SAM2_KILLS", "1")), 4.0
    if kills > 5:  # else it would take longer than all the kills
        began = time.monotonic()
        os.waitpid(begin(study, weights), 0)
        takes = time.monotonic() - began
    statuses = []
    for _ in range(kills):
        child = begin(study, weights)
        time.sleep(drawn.uniform(0, takes))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert list(verify(Study.open(study))) == []
        with bench_of(study).lock():  # free, whoever held it
            rounds.settle()
        assert list(verify(Study.open(study))) == []
        for number in rounds.numbers():
            names = {path.name for path in rounds.place(number).iterdir()}
            assert names <= {"round.json", "events", "result"}
            assert ("result" in names) == (rounds.status(number) == "done")
        statuses += [rounds.status(number) for number in rounds.numbers()]
    assert set(statuses) <= {"done", "killed"}
    # The next one goes through as if nothing had been.
    os.waitpid(begin(study, weights), 0)
    assert rounds.status(rounds.numbers()[-1]) == "done"
