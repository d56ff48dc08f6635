from __future__ import annotations

import json

import numpy as np
import pytest

from napari_mae_sam2.annotate.round_verdict import (
    checks,
    overtaken,
    somebody_else,
    table,
)
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.round_answers import (
    answers_file,
    encode_answers,
    read_answers,
)
from napari_mae_sam2.study.round_results import read_result, read_rounds

RESULT = {
    "model": {"fingerprint": "f" * 64},
    "proposed": False,
    "why": "Dice changed by +0.100 (−0.010 to +0.210).",
    "score": {
        **{"old": 0.5, "new": 0.6, "difference": 0.1},
        **{"low": -0.01, "high": 0.21, "count": 3},
    },
    "guards": [
        {"name": "empty", "passed": True, "message": "Nothing is empty."},
        {"name": "kind: macular", "passed": False, "message": "Half are lost."},
    ],
    "cases": [
        {"case": "b", "leaks": True, "old": 0.7, "new": 0.5, "change": -0.2},
        {"case": "c", "leaks": True, "old": None, "new": 0.5, "change": None},
    ],
    "old": {"metrics": {"image_dice": {"value": 0.4}}},
    "new": {"metrics": {"image_dice": {"value": 0.55}, "sensitivity": {"value": 0.8}}},
}


@pytest.fixture
def study(tmp_path):
    """A study with two rounds, the first promoted and the second done."""
    rounds = tmp_path / "rounds"
    for number in (1, 2):
        folder = rounds / f"{number:04d}" / "result"
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(RESULT))
        frozen = {"in_use": {"round": None if number == 1 else 1}}
        (folder.parent / "round.json").write_text(json.dumps(frozen))
    (rounds / "0003").mkdir()  # one that was cancelled
    (rounds / "decisions").mkdir()
    (rounds / "decisions" / "0001-5f1c0a77.json").write_text("{}")
    rows = [
        {"round": 1, "status": "done", "decision": "promote", "in_use": True},
        {"round": 2, "status": "done", "decision": None, "in_use": False},
        {"round": 3, "status": "cancelled", "decision": None, "in_use": False},
    ]
    history = {"rounds": rows, "answers": ["It improves.", "-"], "decisions": 1}
    (rounds / "history.json").write_text(json.dumps(history))
    return tmp_path


def test_rounds_are_read_as_they_stand(study):
    stands = read_rounds(study)
    assert stands.last.number == 2
    assert stands.decision is None
    assert stands.in_use == 1
    assert stands.in_use_fingerprint == "f" * 64
    assert stands.in_use_model == study / "rounds/0001/result/model.safetensors"
    assert [case.case for case in stands.last.cases] == ["b"]
    assert not stands.last.is_proposed
    assert stands.compared_with == 1
    assert not stands.is_overtaken


def test_a_round_that_was_overtaken_by_a_decision_is_told_so(study):
    before = read_rounds(study)
    path = study / "rounds" / "history.json"
    history = json.loads(path.read_text())
    history["rounds"][0]["in_use"] = False  # somebody rolled back
    path.write_text(json.dumps(history))
    stands = read_rounds(study)
    assert stands.is_overtaken
    assert overtaken(stands) == (
        "The base is in use now, and this round was compared with the model of round "
        "1: train a new round to know whether it is better."
    )
    words = somebody_else(before.in_use, 2, stands)
    assert "Somebody else decided meanwhile, and the base is in use now" in words
    assert "--" not in words
    assert somebody_else(None, 2, stands) == ""  # it stands as the grader saw it
    history["rounds"][1]["in_use"] = True
    path.write_text(json.dumps(history))
    stands = read_rounds(study)
    assert not stands.is_overtaken  # its own model is in use
    assert "promoted round 2 already" in somebody_else(1, 2, stands)


def test_a_history_that_is_behind_is_not_believed(study):
    (study / "rounds" / "decisions" / "0002-5f1c0a78.json").write_text("{}")
    assert read_rounds(study) is None
    (study / "rounds" / "history.json").unlink()
    assert read_rounds(study) is None


def test_no_round_and_a_damaged_one(study, tmp_path):
    assert read_rounds(tmp_path / "elsewhere").last is None
    (study / "rounds" / "history.json").write_text('{"rounds": [{}]}')
    with pytest.raises(StudyError, match="is damaged"):
        read_rounds(study)


def test_a_damaged_round_hides_no_other(study):
    (study / "rounds" / "0002" / "round.json").write_text('{"in_')
    stands = read_rounds(study)
    assert (stands.last.number, stands.is_overtaken) == (2, False)
    (study / "rounds" / "0002" / "result" / "result.json").write_text('{"mod')
    stands = read_rounds(study)
    assert (stands.last.number, stands.decision, stands.in_use) == (1, "promote", 1)
    (study / "rounds" / "0001" / "result" / "result.json").unlink()
    with pytest.raises(StudyError, match="0001"):  # the model in use is not known
        read_rounds(study)


def test_the_verdict_is_a_short_table(study):
    result = read_result(study, 2)
    assert table(result) == [
        ("Score on the test", "0.50", "0.60"),
        ("Change", "+0.10", ""),
        ("95 % interval", "−0.01 to +0.21", ""),
        ("Dice, no click", "0.40", "0.55"),
        ("Lesions found", "–", "80 %"),
    ]
    assert checks(result) == [
        (True, "Empty answers", "Nothing is empty."),
        (False, "macular", "Half are lost."),
    ]


def test_answers_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    old, new = rng.random((2, 30, 40)) > 0.5
    path = tmp_path / answers_file("a")
    path.write_bytes(encode_answers(old, new))
    again = read_answers(path)
    assert (again[0] == old).all()
    assert (again[1] == new).all()
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(StudyError, match="cannot be read"):
        read_answers(path)
