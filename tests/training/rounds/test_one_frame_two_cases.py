"""A frame that is two cases, as earlier versions made them, never trains and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.frozen_test import reserve
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.cases import Cases
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.splits import TEST, UNUSED, case_splits

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.records import RoundRecord

BASE = ModelUsed(name="base", fingerprint="b" * 64)


def label(study: Study, number: int, name: str, patient: str | None) -> str:
    pixels = np.full((32, 32), number, np.uint8)
    frame = Frame(pixels, f"{name} {number}", None, pixel_sha256(pixels))
    case = study.add_frame(frame, patient=patient)
    labels = np.zeros((32, 32), np.uint16)
    labels[4:9, 4:9] = 1
    study.save_revision(frame, labels, grader="test", parent=None)
    return case.id


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    # Earlier versions knew a frame by its name and its pixels, not by its pixels alone.
    monkeypatch.setattr(Cases, "find_pixels", lambda *_: None)
    return Study.create(tmp_path / "study")


def sides_of(record: RoundRecord) -> dict[str, set[str]]:
    sides: dict[str, set[str]] = {}
    for member in record.members:
        sides.setdefault(member.frame_sha256, set()).add(member.side)
    return sides


def is_apart(record: RoundRecord) -> bool:
    return all(len(s) == 1 for s in sides_of(record).values() if "test" in s)


def test_without_patients_both_cases_are_on_one_side(study: Study) -> None:
    for number in range(5):
        for name in ("scan", "copy of scan"):
            label(study, number, name, None)
    record = freeze(Rounds(study.folder), RoundConfig(), BASE, BASE)
    assert len(record.side("test")) == 2
    assert [len(found) for found in sides_of(record).values()] == [1] * 5


def test_of_two_patients_only_one_case_takes_part(study: Study) -> None:
    for number in range(8):
        label(study, number, "scan", f"P{number}")
        label(study, number, "copy of scan", f"Q{number}")
    first = freeze(Rounds(study.folder), RoundConfig(), BASE, BASE)
    assert first.side("test")
    assert first.side("train")
    assert is_apart(first)


def test_a_frame_that_trained_does_not_test_as_another_case(study: Study) -> None:
    for number in range(5):
        label(study, number, "scan", f"P{number}")
    first = freeze(Rounds(study.folder), RoundConfig(), BASE, BASE)
    trained = {one.frame_sha256 for one in first.members if one.side != "test"}
    late = [label(study, n, "copy of scan", f"Q{n}") for n in range(5)]
    second = freeze(Rounds(study.folder), RoundConfig(), BASE, BASE)
    assert is_apart(second)
    assert not trained & {one.frame_sha256 for one in second.side("test")}
    seen = [one for one in late if study.case(one).frame_sha256 in trained]
    with pytest.raises(RoundError, match="trained on in an earlier round"):
        reserve(study.folder, cases=seen[:1])


def test_a_reserved_frame_is_kept_as_another_case_too(study: Study) -> None:
    for number in range(5):
        label(study, number, "scan", f"P{number}")
    reserved = label(study, 9, "scan", "P9")
    twin = label(study, 9, "copy of scan", "Q9")
    reserve(study.folder, cases=[reserved])
    split = case_splits(study)
    assert split(study.case(reserved)) == TEST
    assert split(study.case(twin)) == UNUSED
    record = freeze(Rounds(study.folder), RoundConfig(), BASE, BASE)
    assert [one.case for one in record.side("test")] == [reserved]
    assert twin not in {one.case for one in record.members}
    sha256 = study.case(twin).frame_sha256
    assert [r.split for r in read_study(study.folder) if r.sha256 == sha256] == ["test"]
