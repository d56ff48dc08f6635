from __future__ import annotations

import json
import queue
import stat
import sys
import textwrap

import pytest

from napari_mae_sam2.annotate import child_process
from napari_mae_sam2.annotate.training_run import TrainingRun


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a stand-in for `python -m mae_sam2_training`, which does as it is told."""
    runs = []

    def run(script):
        program = tmp_path / "python"
        body = textwrap.dedent(script)
        program.write_text(f"#!{sys.executable}\nimport json, sys, time\n{body}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(child_process.sys, "executable", str(program))
        heard, ended = [], queue.Queue()
        out = tmp_path / "new.safetensors"
        made = TrainingRun(tmp_path / "study", out, heard.append, ended.put)
        runs.append(made)
        return made, heard, ended

    yield run
    for made in runs:
        made.close()


def lines(*events):
    return "\n".join(
        f"print({json.dumps(json.dumps(event))}, flush=True)" for event in events
    )


WRITE = "open(sys.argv[sys.argv.index('--out') + 1], 'w').write('weights')\n"


def saved(best_step, **metrics):
    return {"event": "saved", "best_step": best_step, "metrics": metrics}


def test_progress_is_told_and_a_better_model_is_offered(start, tmp_path):
    script = lines(
        {"event": "step", "step": 1, "total": 2, "loss": 0.5},
        {"event": "validate", "step": 2, "dice": 0.7},
        saved(
            2,
            **{"parent_dice": 0.5, "dice": 0.7},
            **{"parent_dice_prompt_free": 0.02, "dice_prompt_free": 0.6},
            **{"parent_dice_1_click": 0.5, "dice_1_click": 0.48},
            **{"parent_dice_3_clicks": 0.9, "dice_3_clicks": 0.7},
        ),
    )
    _, heard, ended = start(WRITE + "print('not JSON')\n" + script)
    end = ended.get(timeout=20)
    assert [progress.event for progress in heard] == ["step", "validate", "saved"]
    assert heard[0].number("loss") == 0.5
    assert end.model == tmp_path / "new.safetensors"
    assert not end.failed
    assert "no click 0.02 → 0.60, one click 0.50 → 0.48" in end.message
    assert "answers three clicks less well" in end.message


def test_the_command_names_the_study_and_asks_for_json(start, tmp_path):
    _, _, ended = start(
        "open(sys.argv[0] + '.txt', 'w').write(json.dumps(sys.argv[1:]))"
    )
    ended.get(timeout=20)
    arguments = json.loads((tmp_path / "python.txt").read_text())
    assert arguments[:4] == [
        "-m",
        "mae_sam2_training",
        "finetune",
        str(tmp_path / "study"),
    ]
    assert "--json-progress" in arguments


def test_a_round_that_found_nothing_better_offers_nothing(start):
    script = lines(saved(0, parent_dice=0.5, dice=0.5))
    _, _, ended = start(WRITE + script)
    end = ended.get(timeout=20)
    assert end.model is None
    assert not end.failed
    assert "nothing better" in end.message


def test_without_held_out_frames_the_message_says_so(start):
    _, _, ended = start(WRITE + lines(saved(8)))
    end = ended.get(timeout=20)
    assert end.model is not None
    assert "held out" in end.message


def test_a_failure_is_one_sentence_and_no_model(start):
    script = lines({"event": "error", "message": "The study holds no label."})
    _, _, ended = start(script + "\nsys.exit(2)")
    end = ended.get(timeout=20)
    assert end.model is None
    assert end.failed
    assert "The study holds no label." in end.message


def test_a_crash_tells_its_last_words(start):
    _, _, ended = start("print('out of memory', file=sys.stderr); sys.exit(137)")
    end = ended.get(timeout=20)
    assert end.failed
    assert "out of memory" in end.message


def test_an_end_without_a_checkpoint_is_a_failure(start):
    _, _, ended = start("pass")
    assert ended.get(timeout=20).failed


def test_cancel_ends_the_process_and_is_no_failure(start):
    run, heard, ended = start(lines({"event": "start"}) + "\ntime.sleep(600)")
    while not heard:
        assert run.is_running
    run.cancel()
    end = ended.get(timeout=20)
    assert not end.failed
    assert "cancelled" in end.message
    assert not run.is_running


def test_a_process_that_does_not_listen_is_ended_by_force(start, monkeypatch):
    monkeypatch.setattr(child_process, "SECONDS_TO_STOP", 0.3)
    run, heard, ended = start(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + lines({"event": "start"})
        + "\ntime.sleep(600)"
    )
    while not heard:
        assert run.is_running
    run.cancel()
    assert "cancelled" in ended.get(timeout=20).message
