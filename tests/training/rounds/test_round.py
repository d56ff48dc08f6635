from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch

from mae_sam2_training.__main__ import main
from mae_sam2_training.rounds import commands as module
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.helping import CALL
from mae_sam2_training.rounds.places import bench_of
from napari_mae_sam2.model.checkpoint import load_model, save_checkpoint
from napari_mae_sam2.study.round_answers import answers_file, read_answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUICK = [
    *("--set", "finetune.loop.steps=2", "--set", "finetune.loop.batch=2"),
    *("--set", "finetune.loop.validate_every=2", "--set", "finetune.train.views=1"),
    *(
        "--set",
        "finetune.validation.clicks=1",
        "--set",
        "finetune.validation.lesions=1",
    ),
    *("--set", "evaluate.resamples=100", "--set", "evaluate.max_clicks=5"),
    *("--set", "evaluate.lesions=1", "--set", "guards.discs=1", "--set", "test=0.34"),
]


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_round_from_labels_to_a_model_in_use(
    study: Path,
    weights: Path,
    label_more: Callable[[int], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("round", study, "--weights", weights, *QUICK, "--json-progress") == 0
    told = events(capsys.readouterr().out)
    kinds = [event["event"] for event in told]
    assert kinds[0] == "start"
    assert kinds[-3:] == ["judged", "saved", "end"]
    assert kinds.count("saved") == kinds.count("end") == kinds.count("start") == 1
    assert [e["phase"] for e in told if e["event"] == "phase"] == [
        "train",
        "measure",
        "guards",
    ]
    assert kinds.count("step") == 2
    assert (told[0]["train"], told[0]["val"], told[0]["test"]) == (3, 1, 2)
    rounds = Rounds(study)
    assert rounds.status(1) == "done"
    assert [e["status"] for e in rounds.events(1)] == ["started", "done"]
    result = rounds.result(1)
    model = load_model(rounds.place(1) / "result" / "model.safetensors")
    assert model.fingerprint == result["model"]["fingerprint"]
    assert model.card.round == 1
    assert model.card.parent == load_model(weights).fingerprint
    assert result["new"]["counts"]["frames"] == 2
    assert {g["name"] for g in result["guards"]} >= {"empty", "area", "box"}
    assert told[-3]["proposed"] == result["proposed"]
    looks = [event for event in told if event["event"] == "validate"]
    assert all(0 <= look["lesions_found"] <= 1 for look in looks)
    # what both models answered is kept, the worst change first
    assert [c["case"] for c in result["cases"]] == [
        c["case"] for c in sorted(result["cases"], key=lambda c: c["change"])
    ]
    for member in rounds.read(1).side("test"):
        path = rounds.place(1) / "result" / answers_file(member.case)
        old, new = read_answers(path)
        assert old.shape == new.shape == (96, 96)
    assert {c["case"] for c in result["cases"]} == {
        m.case for m in rounds.read(1).side("test")
    }
    history = json.loads((rounds.folder / "history.json").read_text())
    assert [row["status"] for row in history["rounds"]] == ["done"]
    page = (rounds.place(1) / "result" / "report.html").read_text()
    assert str(study) not in page
    # only what the next round can use is left of the work
    bench = bench_of(study)
    assert sorted(p.name for p in bench.folder.iterdir()) == [
        "embeddings",
        "encoded",
        "lock",
    ]
    assert len(list(bench.embeddings.iterdir())) == 4

    # the test cases were never seen in training
    seen = {p.stem for p in bench.embeddings.iterdir()}
    assert len(seen) == len(rounds.read(1).side("train") + rounds.read(1).side("val"))

    # the next round is reckoned from what this one took; only its label is new
    label_more(6)
    before = rounds.numbers()
    assert run("round", study, "--weights", weights, *QUICK, "--json-progress",
               "--estimate") == 0  # fmt: skip
    (reckoned, _) = events(capsys.readouterr().out)
    assert reckoned["event"] == "estimate"
    assert (reckoned["measured"], reckoned["new"]) == (True, 1)
    assert reckoned["train"] + reckoned["val"] + reckoned["test"] == 7
    assert 0 < reckoned["seconds"] < 60
    assert reckoned["memory_gib"] > 1
    assert rounds.numbers() == before

    assert run("promote", study, 1, "--force", "--grader", "Ada") == 0
    history = json.loads((rounds.folder / "history.json").read_text())
    assert history["rounds"][0]["in_use"]
    again = ("--set", "start=in_use")
    assert run("round", study, "--weights", weights, *QUICK, *again) == 0
    second = rounds.read(2)
    assert second.in_use.round == 1
    assert second.parent == second.in_use
    assert second.parent.fingerprint == model.fingerprint
    assert rounds.result(2)["old"]["metrics"] == result["new"]["metrics"]
    # a model file that was replaced behind the program's back
    path = rounds.place(1) / "result" / "model.safetensors"
    other = load_model(weights)
    with torch.no_grad():
        next(iter(other.model.sam_mask_decoder.parameters())).add_(1)
    save_checkpoint(path, other.model, other.card)
    capsys.readouterr()
    assert run("round", study, "--weights", weights, *QUICK) == 2
    assert "no longer the model that was promoted" in capsys.readouterr().err
    assert rounds.numbers() == [1, 2]


def test_a_round_that_fails_says_why_and_leaves_nothing(
    study: Path,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "run_round", full)
    assert run("round", study, "--weights", weights, "--json-progress") == 2
    told = events(capsys.readouterr().out)
    assert [e["event"] for e in told] == ["start", "error", "end"]
    assert "is full" in told[1]["message"]
    rounds = Rounds(study)
    assert rounds.status(1) == "failed"
    assert "No space left" in rounds.events(1)[-1]["message"]
    assert {p.name for p in rounds.place(1).iterdir()} == {"round.json", "events"}
    assert not (bench_of(study).folder / "work").exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_round_that_is_ended_leaves_nothing(
    study: Path, weights: Path, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mae_sam2_training", "round", str(study)),
            *("--weights", str(weights), *QUICK, "--json-progress"),
            *("--set", "finetune.loop.steps=100000"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    last = {}
    for line in process.stdout:
        last = json.loads(line)
        if last["event"] == "step":
            process.send_signal(how)
            break
    rest, _ = process.communicate(timeout=120)
    rounds = Rounds(study)
    assert {p.name for p in rounds.place(1).iterdir()} == {"round.json", "events"}
    if how == signal.SIGTERM:
        assert process.returncode == 143
        end = {"event": "end", "status": "cancelled", "resumable": False}
        assert json.loads(rest.splitlines()[-1]) == end
        assert rounds.status(1) == "cancelled"
        assert not (bench_of(study).folder / "work").exists()
    else:
        assert rounds.status(1) == "started"
        with bench_of(study).lock():
            assert rounds.settle() == [1]
        assert rounds.status(1) == "killed"
        with bench_of(study).work() as work:
            assert {p.name for p in work.iterdir()} == {"run"}


@pytest.mark.slow
def test_processes_of_two_nodes_train_one_round(study: Path, weights: Path) -> None:
    """Two processes each; a node's first is started by hand, its second by Fabric."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    stale = bench_of(study).work_folder / CALL
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    nodes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "mae_sam2_training", "round", str(study)),
                *("--weights", str(weights), *QUICK, "--json-progress"),
                *("--set", "finetune.run.nodes=2", "--set", "finetune.run.devices=2"),
                *("--set", "finetune.loop.batch=4"),
                *("--set", "finetune.run.accelerator=cpu"),
            ],
            env=os.environ
            | {"NODE_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("1", "0")
    ]
    try:
        told = [node.communicate(timeout=280) for node in nodes]
    finally:
        for node in nodes:
            node.kill()
    assert [node.returncode for node in nodes] == [0, 0], told
    assert told[0][0] == ""
    kinds = [event["event"] for event in events(told[1][0])]
    assert kinds.count("start") == kinds.count("judged") == kinds.count("end") == 1
    assert Rounds(study).numbers() == [1]
    assert not stale.exists()


def test_reserve_and_rollback_speak_plainly(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("reserve", study, "--share", "0.34") == 0
    assert "2 cases of 2 patients are the test set now" in capsys.readouterr().out
    assert run("reserve", study) == 2
    assert "already" in capsys.readouterr().err
    assert run("rollback", study) == 2
    assert "uses its base" in capsys.readouterr().err
    assert run("promote", study, 1) == 2
    assert "has no round 1: it has none yet" in capsys.readouterr().err
