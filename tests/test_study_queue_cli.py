from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]

SHAPE = (40, 60)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Four cases that anna answered."""
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    study = Study.create(tmp_path / "study")
    for seed in range(4):
        pixels = np.random.default_rng(seed).integers(0, 200, SHAPE).astype(np.uint8)
        frame = Frame(pixels, f"f{seed}", None, pixel_sha256(pixels))
        study.save_revision(frame, _labels(10), grader="anna", parent=None)
    return study


def _labels(rows: int) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    labels[:rows] = 1
    return labels


def test_assign_is_seen_by_list(call: Call, study: Study) -> None:
    one, two, *_ = study.case_ids()
    assert call("assign", study.folder, one, two, "--to", "ben")[0] == 0
    assert "2 cases: 2 done" in call("list", study.folder, "--assigned", "ben")[1]
    call("assign", study.folder, one, "--to", "")
    assert "1 case: 1 done" in call("list", study.folder, "--assigned", "ben")[1]
    code, _, complaint = call("assign", study.folder, "no-such", "--to", "ben")
    assert code == 2
    assert "holds no case no-such" in complaint


def test_a_conflict_is_listed_and_resolved(call: Call, study: Study) -> None:
    case = study.case_ids()[0]
    (first,) = study.revision_ids(case)
    frame = study.load_frame(case)
    one, two = (
        study.save_revision(frame, _labels(rows), grader=grader, parent=first)
        for rows, grader in ((5, "anna"), (15, "ben"))
    )
    assert "1 needs review" in call("list", study.folder, "--conflicts")[1]
    _, out, _ = call("resolve", study.folder, case)
    assert {line.split()[0] for line in out.splitlines()} == {one.id, two.id}
    code, out, _ = call("resolve", study.folder, case, one.id, "--grader", "carla")
    assert code == 0
    latest = study.latest_revision(case)
    assert latest is not None
    assert (latest.grader, latest.merges) == ("carla", [two.id])
    assert np.array_equal(study.load_labels(latest), _labels(5))
    assert "No such case" in call("list", study.folder, "--conflicts")[1]
    code, _, complaint = call("resolve", study.folder, case, two.id, "--grader", "x")
    assert code == 2
    assert "no parallel revision" in complaint
    assert call("resolve", study.folder, case, two.id)[0] == 2  # nobody's name


def test_readings_are_drawn_and_compared(call: Call, study: Study) -> None:
    code, out, _ = call(
        *("reread", study.folder, "--share", "0.5", "--repeat", "anna"),
        *("--second", "anna", "--second", "ben"),
    )
    assert (code, out) == (0, "4 readings put into the queue\n")
    event = list(study.log.events())[-1]
    assert event.case is not None
    view = Reading(study, event.details["reading"])
    frame = study.load_frame(event.case)
    view.save_revision(frame, _labels(20), grader="anna", parent=None)
    _, out, _ = call("agreement", study.folder)
    (row,) = csv.DictReader(out.splitlines())
    assert row == {
        "case": event.case, "kind": "repeat", "first": "anna", "again": "anna",
        "first_pixels": "600", "again_pixels": "1200", "difference_pixels": "600",
        "dice": "0.6667",
    }  # fmt: skip
    _, out, _ = call("agreement", study.folder, "--summary")
    (row,) = csv.DictReader(out.splitlines())
    assert row == {
        "kind": "repeat", "first": "anna", "again": "anna", "cases": "1",
        "dice": "0.6667", "difference_pixels": "600.0", "low": "", "high": "",
        "icc": "",
    }  # fmt: skip
    assert call("reread", study.folder)[0] == 2
    assert call("verify", study.folder)[0] == 0
