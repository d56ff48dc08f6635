from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.data.splits import split_records
from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.evaluation.cases import choose_split
from mae_sam2_training.rounds.frozen_test import reserve
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path


def label(study: Study, number: int, patient: str) -> str:
    pixels = np.full((32, 32), number, np.uint8)
    frame = Frame(pixels, f"frame {number}", None, pixel_sha256(pixels))
    case = study.add_frame(frame, patient=patient)
    study.save_revision(frame, pixels * 0, grader="test", parent=None)
    return case.id


def test_a_reserved_case_is_measured_on_and_never_trained_on(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    cases = [label(study, n, f"P{n}") for n in range(4)]
    assert len(read_study(study.folder)) == 4
    reserve(study.folder, cases=cases[:1])
    label(study, 9, "P0")  # of the patient who tests
    records = read_study(study.folder)
    train, held_out = split_records(records, 0.3, seed=0)
    assert {r.patient for r in train + held_out} == {"P1", "P2", "P3"}
    measured, split = choose_split(records, "auto")
    assert split == "test"
    assert [r.image.parent.name for r in measured] == [cases[0]]
