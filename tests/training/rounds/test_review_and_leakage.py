"""Cases under review take no part in a round, and a test that cannot tell says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.commands import _opening
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.estimating import in_words
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import divide, freeze
from mae_sam2_training.rounds.frozen_test import reserve
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.records import RoundRecord

BASE = ModelUsed(name="base", fingerprint="b" * 64)


def _frozen(study: Path) -> RoundRecord:
    return freeze(Rounds(study), RoundConfig(), BASE, BASE)


def _save(study: Path, case: str, status: str, *, empty: bool = False) -> None:
    opened = Study.open(study)
    frame = opened.load_frame(case)
    newest = opened.latest_revision(case)
    assert newest is not None
    labels = opened.load_labels(newest)
    opened.save_revision(
        frame,
        np.zeros_like(labels) if empty else labels,
        grader="test",
        parent=newest.id,
        status=status,
    )


@pytest.mark.parametrize("how", ["revision", "event"])
def test_a_case_marked_for_review_is_not_trained_on(study: Path, how: str) -> None:
    case = Study.open(study).case_ids()[2]
    if how == "revision":
        _save(study, case, "needs_review")
    else:
        log = Study.open(study).log
        log.write("status", case=case, details={"status": "needs_review"})
    record = _frozen(study)
    assert case not in {member.case for member in record.members}
    assert record.in_review == [case]
    assert f"1 case waits for review and is left out: {case}." in _opening(record)
    assert len(read_study(study)) == 5
    # once it is done it trains again
    _save(study, case, "done")
    assert _frozen(study).in_review == []
    assert len(read_study(study)) == 6


def test_a_study_may_say_that_reviews_train(
    study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = Study.open(study).case_ids()[0]
    _save(study, case, "needs_review")
    read_study(study)
    assert case in caplog.text
    path = study / "study.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content | {"train_on_review": True}), "utf-8")
    assert len(_frozen(study).members) == len(read_study(study)) == 6
    path.write_text(json.dumps(content | {"train_on_review": "yes"}), "utf-8")
    with pytest.raises(StudyError, match="must be true or false"):
        read_study(study)


def test_where_all_wait_for_review_the_round_says_so(study: Path) -> None:
    for case in Study.open(study).case_ids():
        _save(study, case, "needs_review")
    with pytest.raises(RoundError, match="6 cases wait for review"):
        _frozen(study)


def test_a_test_without_leakage_is_told_before_the_round(study: Path) -> None:
    kept = reserve(study, share=0.4)
    assert divide(Rounds(study), RoundConfig()).leaking_tests == len(kept.cases)
    assert "No test case" not in _opening(_frozen(study))
    for case in kept.cases:
        _save(study, case, "done", empty=True)
    divided = divide(Rounds(study), RoundConfig())
    assert divided.leaking_tests == 0
    assert "No test case shows leakage" in _opening(_frozen(study))
    told = {
        "seconds": 60.0, "measured": True, "free_gib": None, "train": 4, "val": 0,
        "test": 2, "new": 0, "steps": 9, "memory_gib": 1.0, "in_conflict": [],
        "damaged": [], "in_review": [], "leaking_tests": divided.leaking_tests,
    }  # fmt: skip
    assert in_words(told).startswith("No test case shows leakage, so this round cannot")
