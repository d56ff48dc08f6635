from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from bad_frames import write_bad

from napari_mae_sam2 import cli
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.folders import index_folder
from napari_mae_sam2.predict.stored import find_stored, results_in
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def predict(monkeypatch: pytest.MonkeyPatch, home: Path, capsys: Any) -> Any:
    """Runs the command; gives its exit code and its lines of JSON."""

    def run(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
        words = ["napari-mae-sam2", "predict", "--json-progress", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        lines = capsys.readouterr().out.splitlines()
        return int(end.value.code or 0), [json.loads(line) for line in lines]

    return run


def _queue(study: Study) -> dict[str, str]:
    index = Index.open(study, index_folder())
    index.refresh()
    items = [index.item(case, "", now=0.0) for case in study.case_ids()]
    index.close()
    return {item.name: item.status for item in items if item is not None}


def test_what_nobody_has_answered_waits_as_proposed(
    frames: Path, tmp_path: Path, weights: Path, predict: Any
) -> None:
    study = Study.create(tmp_path / "study")
    first = read_frame(frames / "0.png")
    empty = np.zeros(first.shape, np.uint16)
    study.save_revision(first, empty, grader="anna", parent=None)
    second = study.add_frame(read_frame(frames / "1.png"))
    study.log.write("status", case=second.id, details={"status": "cannot_grade"})
    write_bad("truncated", frames, "9 cut")
    asked = (frames, "--propose", study.folder, "--weights", weights)

    code, said = predict(*asked)
    assert code == 1
    steps = [one for one in said if one["event"] == "predict"]
    assert [one["done"] for one in steps] == [1, 2, 3, 4, 5, 6]
    assert {one["total"] for one in steps} == {6}
    end = said[-1]
    assert (end["event"], end["status"], end["made"]) == ("end", "done", 5)
    assert "9 cut" in end["left_out"][0]
    waiting = {"2": "proposed", "3": "proposed", "4": "proposed"}
    assert _queue(study) == {"0": "done", "1": "cannot_grade"} | waiting
    assert not list(verify(study))

    (results,) = results_in(study.folder)
    assert str(results.folder) == end["path"]
    found = find_stored(study.folder, read_frame(frames / "3.png"))
    assert found is not None
    assert found.record.name == "3"

    # Once more: nothing is asked or said again.
    events = len(list(study.log.events()))
    code, said = predict(*asked)
    assert (code, said[-1]["made"], said[-1]["found"]) == (1, 0, 5)
    assert len(list(study.log.events())) == events

    # A label is left alone where only the rest is asked for, in a file and in a study.
    asked = (study.folder, *asked, "--unlabelled")
    _, said = predict(*asked)
    what = [one["what"] for one in said if one["event"] == "predict"]
    assert sorted(what) == ["found"] * 8 + ["labelled", "trouble"]

    # Prompts for a case that was left out are no slip of the pen.
    prompts = tmp_path / "prompts.json"
    click = [{"points": [[20, 30]], "labels": [1]}]
    prompts.write_text(json.dumps({"0": click, "gone": click}))
    asked = (study.folder, *asked[2:], "--prompts", prompts)
    _, said = predict(*asked)
    (sentence,) = said[-1]["left_out"]
    assert "gone in prompts.json is the name of none" in sentence


def test_a_run_that_was_ended_before_it_proposed_does_so_later(
    frames: Path, tmp_path: Path, weights: Path, predict: Any
) -> None:
    out, study = tmp_path / "out", tmp_path / "new" / "study"
    assert predict(frames, "--out", out, "--weights", weights)[0] == 0
    asked = (frames, "--out", out, "--propose", study, "--weights", weights)
    code, said = predict(*asked)
    assert (code, said[-1]["found"]) == (0, 5)
    assert _queue(Study.open(study)) == dict.fromkeys("01234", "proposed")
    assert not results_in(study)


def test_what_is_wrong_is_said_in_json_too(tmp_path: Path, predict: Any) -> None:
    code, said = predict(tmp_path / "gone", "--propose", tmp_path / "study")
    assert code == 2
    assert [one["event"] for one in said] == ["error", "end"]
    assert "does not exist" in said[0]["message"]
    assert predict(tmp_path)[0] == 2
