from __future__ import annotations

import json
import math

import pytest
import typer

from napari_mae_sam2.common.command_output import CommandOutput, report_error
from napari_mae_sam2.fa.errors import PlainError


def _events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_people_read_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    output = CommandOutput()
    with output.progress("add", "Adding") as progress:
        assert list(progress.over(["a", "b"])) == ["a", "b"]
    output.result("2 added", added=2)
    assert capsys.readouterr() == ("2 added\n", "")


def test_programs_read_json(capsys: pytest.CaptureFixture[str]) -> None:
    CommandOutput(as_json=True).result("never seen", share=math.nan, cases=["a"])
    assert json.loads(capsys.readouterr().out) == {"share": None, "cases": ["a"]}


def test_programs_read_progress(capsys: pytest.CaptureFixture[str]) -> None:
    output = CommandOutput(json_progress=True)
    with output.progress("add", "Adding") as progress:
        list(progress.over(["a", "b"]))
    output.result("never seen", added=2)
    events = _events(capsys.readouterr().out)
    assert [one["event"] for one in events] == ["start", "add", "add", "add", "end"]
    assert [one.get("done") for one in events[1:4]] == [0, 1, 2]
    assert events[1]["eta_s"] is None
    assert events[-1] == {"event": "end", "status": "done", "added": 2}


def test_an_error_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    output = CommandOutput(json_progress=True)
    with (
        pytest.raises(PlainError) as raised,
        output.progress("add", "Adding"),
    ):
        raise PlainError("The disk is full.")
    report_error(raised.value)
    events = _events(capsys.readouterr().out)
    assert [one["event"] for one in events] == ["start", "error", "end"]
    assert events[1]["message"] == "The disk is full."
    assert events[2]["status"] == "failed"
    report_error(PlainError("Nobody has reported this."))
    assert len(_events(capsys.readouterr().out)) == 2


def test_what_was_left_out_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    CommandOutput.exit_with([])
    with pytest.raises(typer.Exit) as end:
        CommandOutput.exit_with(["a.png cannot be read."])
    assert end.value.exit_code == 1
    said = capsys.readouterr()
    assert said == ("", "napari-mae-sam2: left out: a.png cannot be read.\n")
