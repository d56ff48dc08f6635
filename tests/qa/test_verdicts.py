from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from predicted import NAMES, a_frame, write_predictions

from napari_mae_sam2 import cli
from napari_mae_sam2.predict.proposals import Proposals
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.qa.labels import Labels
from napari_mae_sam2.qa.verdicts import is_rejected, read_verdicts, take_in
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.event_log import last_words
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Holds all frames but the last."""
    made = Study.create(tmp_path / "study")
    for number in range(len(NAMES) - 1):
        made.add_frame(a_frame(number))
    return made


def _file(folder: Path, *verdicts: str, fingerprint: str = "aaaa") -> Path:
    path = folder / "verdicts.json"
    said = [
        {"id": case_id(frame), "frame_sha256": frame.sha256, "verdict": verdict}
        for frame, verdict in ((a_frame(n), one) for n, one in enumerate(verdicts))
    ]
    content = {"schema": 1, "kind": "napari-mae-sam2 verdicts", "page": "x"}
    content |= {"fingerprint": fingerprint, "reviewer": "AB", "verdicts": said}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _take(
    monkeypatch: pytest.MonkeyPatch, file: Path, study: Study, results: Results | None
) -> int:
    words = ["napari-mae-sam2", "study", "verdicts", study.folder, file]
    words += [] if results is None else ["--predictions", results.folder]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_verdicts_arrive_in_the_study(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    answered = a_frame(4)
    own = np.zeros(answered.shape, np.uint16)
    study.save_revision(answered, own, grader="CD", parent=None)
    said = _file(tmp_path, "accept", "accept", "fix", "reject", "accept", "accept")
    assert _take(monkeypatch, said, study, predictions) == 1
    printed = capsys.readouterr()
    assert "2 accepted, 1 to fix, 1 rejected" in printed.out
    assert "answered by CD" in printed.err
    assert "is not a case of" in printed.err

    found = [study.latest_revision(case_id(a_frame(n))) for n in range(5)]
    assert [one and one.status for one in found] == [
        *("done", "done", "proposed", None, "done")
    ]
    assert found[4].grader == "CD"
    assert found[1].grader == "AB"
    assert found[1].model.fingerprint == "aaaa"
    assert found[1].lesions[0].source == "model"
    labels = study.load_labels(found[1])
    assert np.count_nonzero(labels) == 20 * 10
    assert not study.load_labels(found[0]).any()  # no leakage is an answer

    # Once more: nothing is saved twice.
    assert _take(monkeypatch, said, study, predictions) == 1
    assert "0 accepted, 0 to fix, 1 rejected" in capsys.readouterr().out
    for number in (1, 2):
        assert len(study.revision_ids(case_id(a_frame(number)))) == 1


def test_the_predictions_of_the_study_itself_are_found(
    study: Study, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    said = _file(tmp_path, "accept")
    assert _take(monkeypatch, said, study, None) == 2
    assert "--predictions FOLDER" in capsys.readouterr().err
    write_predictions(results_folder(study.folder, "aaaa"), "aaaa")
    assert _take(monkeypatch, said, study, None) == 0
    assert study.latest_revision(case_id(a_frame(0))) is not None


def test_other_predictions_than_those_that_were_given_are_not_taken(
    study: Study, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write_predictions(results_folder(study.folder, "aaaa"), "aaaa")
    given = write_predictions(tmp_path / "given", "bbbb")
    assert _take(monkeypatch, _file(tmp_path, "accept"), study, given) == 2
    assert "another model" in capsys.readouterr().err
    assert study.latest_revision(case_id(a_frame(0))) is None


@pytest.mark.parametrize("wrote", ["\u00e9t\u00e9", "e\u0301te\u0301"])
def test_a_mask_is_found_however_a_drive_writes_its_accents(
    predictions: Results, tmp_path: Path, wrote: str
) -> None:
    record = next(iter(predictions.records()))
    mask = np.ones(record.shape, np.uint8)
    tifffile.imwrite(tmp_path / f"{wrote}.leakage.tif", mask)
    for name in ("\u00e9t\u00e9", "e\u0301te\u0301"):
        named = record.model_copy(update={"name": name})
        assert Labels(tmp_path, [named]).of(named) is not None
    assert Labels(tmp_path, [record]).of(record) is None


def test_an_answer_is_not_overruled_where_a_proposal_came_later(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    frame, labels = a_frame(0), np.ones((90, 120), np.uint16)
    first = study.save_revision(frame, labels, grader="CD", parent=None)
    last = study.save_revision(frame, labels, grader="CD", parent=first.id)
    study.save_revision(
        frame, labels * 0, grader="model", parent=first.id, status="proposed"
    )  # by a computer that had not seen the last answer
    assert _take(monkeypatch, _file(tmp_path, "accept"), study, predictions) == 1
    assert "answered by CD" in capsys.readouterr().err
    assert len(study.revision_ids(last.case)) == 3
    record = next(one for one in predictions.records() if one.id == last.case)
    seen = Labels(study.folder, [record]).of(record)
    assert seen is not None
    assert seen.leakage.all()


def test_what_was_to_be_fixed_may_be_accepted_later(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert _take(monkeypatch, _file(tmp_path, "fix"), study, predictions) == 0
    assert _take(monkeypatch, _file(tmp_path, "accept"), study, predictions) == 0
    latest = study.latest_revision(case_id(a_frame(0)))
    assert latest is not None
    assert latest.status == "done"


def test_a_case_that_cannot_be_graded_is_not_overruled(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    cases = [case_id(a_frame(number)) for number in range(2)]
    for case in cases:
        details = {"status": "cannot_grade"}
        study.log.write("status", grader="CD", case=case, details=details)
    said = _file(tmp_path, "accept", "reject")
    assert _take(monkeypatch, said, study, predictions) == 1
    assert capsys.readouterr().err.count("answered by CD") == 2
    assert [study.latest_revision(case) for case in cases] == [None, None]
    words = last_words(study.log)
    assert {words[case].details["status"] for case in cases} == {"cannot_grade"}


def test_a_rejected_answer_is_not_proposed_again(
    study: Study, predictions: Results, tmp_path: Path
) -> None:
    frame = a_frame(0)
    assert Proposals(study.folder, predictions.model).add(frame)
    said = read_verdicts(_file(tmp_path, "reject"))
    assert take_in(study, predictions, said, "AB").rejected == 1
    assert is_rejected(predictions, case_id(frame))
    assert not Proposals(study.folder, predictions.model).add(frame)
    newer = predictions.model.model_copy(update={"fingerprint": "bbbb"})
    assert Proposals(study.folder, newer).add(frame)


def test_verdicts_on_another_model_are_refused(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    said = _file(tmp_path, "accept")
    other = write_predictions(tmp_path / "other", "bbbb")
    assert _take(monkeypatch, said, study, other) == 2
    assert "another model" in capsys.readouterr().err
    for wrong in ("{}", "<html>"):  # such as the page itself
        said.write_text(wrong)
        assert _take(monkeypatch, said, study, predictions) == 2
        assert "holds no verdicts" in capsys.readouterr().err
    said.unlink()
    assert _take(monkeypatch, said, study, predictions) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert study.latest_revision(case_id(a_frame(0))) is None


def test_work_in_progress_is_left_as_it_is_and_a_renamed_case_is_found(
    study: Study, predictions: Results, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    begun = a_frame(1)
    work = np.ones(begun.shape, np.uint16)
    study.save_revision(begun, work, grader="CD", parent=None, status="in_work")
    frame = a_frame(0)
    old = study.case_folder(case_id(frame))
    renamed = replace(frame, name="a new name")
    shutil.rmtree(old)
    study.add_frame(renamed)
    assert _take(monkeypatch, _file(tmp_path, "accept", "accept"), study, predictions)
    assert "CD has work in" in capsys.readouterr().err
    latest = study.latest_revision(case_id(begun))
    assert (latest.grader, latest.status) == ("CD", "in_work")
    assert study.latest_revision(case_id(renamed)).grader == "AB"
