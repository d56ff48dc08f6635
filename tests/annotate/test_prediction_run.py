from __future__ import annotations

import json
import queue
import stat
import sys
import textwrap
from pathlib import Path

import pytest

from napari_mae_sam2.annotate.prediction_run import PredictionRun

PYTHON = sys.executable


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a stand-in for the command, which does as it is told."""
    runs = []

    def run(script, *inputs, **options):
        program = tmp_path / "python"
        body = textwrap.dedent(script)
        program.write_text(f"#!{PYTHON}\nimport json, sys, time\n{body}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(program))
        heard, ended = queue.Queue(), queue.Queue()
        study = tmp_path / "study"
        made = PredictionRun(study, inputs, heard.put, ended.put, **options)
        runs.append(made)
        return made, heard, ended

    yield run
    for made in runs:
        made.close()


def lines(*events):
    return "\n".join(
        f"print({json.dumps(json.dumps(event))}, flush=True)" for event in events
    )


END = {"event": "end", "status": "done", "made": 2, "found": 1, "left_out": ["b: no."]}


def test_the_end_is_one_sentence_with_what_was_left_out(start, tmp_path):
    step = {"event": "predict", "done": 1, "total": 4}
    said = lines(step, END | {"path": str(tmp_path / "out")}) + "\nsys.exit(1)"
    _, heard, ended = start(said)
    end = ended.get(timeout=20)
    assert heard.get().number("total") == 4
    assert (end.made, end.found, end.left_out) == (2, 1, ("b: no.",))
    assert end.results == tmp_path / "out"
    assert not end.failed
    assert end.message == (
        "2 frames predicted, 1 before, 1 left out; proposals wait in the queue."
    )


def test_the_command_names_study_frames_and_weights(start, tmp_path):
    tell = "open(sys.argv[0] + '.txt', 'w').write(json.dumps(sys.argv[1:]))"
    study = str(tmp_path / "study")
    for inputs, options, words in (
        ([], {}, ["--propose", study, "--", study]),
        (
            [Path("-a.png"), Path("b")],
            {"weights": Path("new.safetensors")},
            ["--propose", study, "--weights", "new.safetensors", "--", "-a.png", "b"],
        ),
    ):
        start(tell, *inputs, **options)[2].get(timeout=20)
        said = json.loads((tmp_path / "python.txt").read_text())
        begin = ["-m", "napari_mae_sam2", "predict", "--json-progress"]
        assert said == begin + words


def test_a_failure_says_why_and_a_cancelled_run_is_none(start):
    error = {"event": "error", "message": "The disk is full."}
    _, _, ended = start(lines(error) + "\nsys.exit(2)")
    end = ended.get(timeout=20)
    assert end.failed
    assert end.message == "Nothing more was predicted: The disk is full."

    run, heard, ended = start(lines({"event": "start"}) + "\ntime.sleep(600)")
    heard.get(timeout=20)
    run.cancel()
    end = ended.get(timeout=20)
    assert not end.failed
    assert end.message == "Stopped: 0 frames predicted; go on at any time."
