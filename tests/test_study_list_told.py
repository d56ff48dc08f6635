"""`study list --told`: cases by what heads told of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from predicted import a_frame, write_answer

from napari_mae_sam2 import cli
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.predict.told import Told
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Frames 0 to 4: heads call 0 and 1 late, 2 and 3 early; a grader calls 1 early.

    Frame 4 was not predicted, and frame 3 is predicted under another name.
    """
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    opened = Study.create(tmp_path / "study")
    model = ModelRecord(name="m", fingerprint="a" * 64)
    results = Results.create(results_folder(opened.folder, model.fingerprint), model)
    for number in range(5):
        frame = a_frame(number)
        opened.add_frame(frame, phase="early" if number == 1 else None)
        phase = "late" if number < 2 else "early"
        told = {"phase": Told(value=phase, probability=0.8, head="h")}
        if number < 4:
            write_answer(results, frame, np.zeros(frame.shape, np.uint16), told=told)
    return opened


@pytest.fixture
def listed(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    def run(*options: str) -> tuple[int, str]:
        words = ["napari-mae-sam2", "study", "list", str(study.folder), *options]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out + said.err

    return run


def cases(study: Study, *numbers: int) -> list[str]:
    return sorted(study.id_of(a_frame(number)) for number in numbers)


def test_what_a_grader_said_goes_first(
    study: Study, listed: Callable[..., tuple[int, str]]
) -> None:
    for told, numbers in (("late", [0]), ("early", [1, 2, 3]), ("", [4])):
        code, said = listed("--told", f"phase={told}", "--json")
        found = json.loads(said)
        assert code == 0
        assert sorted(one["case"] for one in found["cases"]) == cases(study, *numbers)
        assert sum(found["counts"].values()) == len(numbers)
        for one in found["cases"]:
            (number,) = (n for n in numbers if one["case"] in cases(study, n))
            head = {0: "late", 1: "late", 2: "early", 3: "early"}.get(number)
            assert one["told"].get("phase", {}).get("value") == head
            assert one["phase"] == ("early" if number == 1 else "")  # never written
    _, said = listed("--told", "phase=early", "--limit", "1")
    assert "3 cases" in said
    assert "80%" in said


def test_gradability_is_what_graders_answered(
    study: Study, listed: Callable[..., tuple[int, str]]
) -> None:
    (case,) = cases(study, 0)
    study.log.write("status", case=case, details={"status": "cannot_grade"})
    _, said = listed("--told", "gradability=cannot_grade", "--json")
    assert [one["case"] for one in json.loads(said)["cases"]] == [case]
    _, said = listed(
        "--told", "gradability=cannot_grade", "--told", "phase=early", "--json"
    )
    assert json.loads(said)["cases"] == []


def test_conditions_that_mean_nothing_are_refused(
    listed: Callable[..., tuple[int, str]],
) -> None:
    for told, words in (
        ("phase", "write what is told and its class"),
        ("=late", "write what is told and its class"),
        ("diagnosis=uveitis", "tells diagnosis (told: phase)"),
    ):
        code, said = listed("--told", told)
        assert code == 2
        assert words in said
        assert "Traceback" not in said
