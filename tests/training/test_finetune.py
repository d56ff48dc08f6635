from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from bright_squares import write_manifest
from PIL import Image
from safetensors.torch import load_file
from small_model import save_small_model

from mae_sam2_training.__main__ import main
from mae_sam2_training.config import load_config
from mae_sam2_training.engine.records import read_metrics
from mae_sam2_training.finetune_config import FinetuneConfig
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.model.checkpoint import load_model

STEPS = 6
QUICK = [
    *("--set", f"loop.steps={STEPS}", "--set", "loop.batch=2"),
    *("--set", "loop.validate_every=3", "--set", "loop.save_every=2"),
    *("--set", "train.views=1", "--set", "validation.clicks=2"),
]
RECIPES = sorted(
    (Path(__file__).parents[2] / "training" / "configs").glob("finetune_*.yaml")
)


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAM 2 tiny with fresh weights for inputs of 128 pixels: quick, and real."""
    folder = tmp_path_factory.mktemp("weights")
    return save_small_model(folder / "small.safetensors", 0, side=128)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Five frames with bright squares, one of them without any."""
    return write_manifest(tmp_path, {str(n): f"P{n}" for n in range(5)})


@pytest.fixture
def wide_frames(tmp_path: Path) -> Path:
    """A folder with one drawn angiogram."""
    folder = tmp_path / "frames"
    folder.mkdir()
    frame = draw_frame(seed=3, size=128, leakage=())
    Image.fromarray(frame.pixels).save(folder / "0.png")
    return folder


def command(
    manifest: Path, out: Path, weights: Path, *more: str, quick: bool = True
) -> list[str]:
    basic = ["finetune", str(manifest), "--out", str(out), "--weights", str(weights)]
    return [*basic, *(QUICK if quick else ()), *more]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def process(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mae_sam2_training", *arguments, "--json-progress"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def test_a_round_writes_a_checkpoint_with_its_card(
    manifest: Path,
    small_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "new.safetensors"
    assert run(*command(manifest, out, small_weights, "--json-progress")) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "start"
    assert kinds[-2:] == ["saved", "end"]
    assert kinds.count("embed") == 5
    assert kinds.count("step") == STEPS
    assert [e["step"] for e in events if e["event"] == "validate"] == [0, 3, 6]
    parent, new = load_model(small_weights), load_model(out)
    assert new.card.parent == parent.fingerprint
    assert new.card.round == 1
    assert {"dice", "dice_prompt_free", "dice_1_click", "parent_dice"} <= set(
        new.card.metrics
    )
    assert new.card.data_sha256 == events[-2]["data"]
    assert new.encoder_fingerprint == parent.encoder_fingerprint
    best = json.loads((tmp_path / "new.run" / "metrics.json").read_text())["best_step"]
    assert (new.fingerprint == parent.fingerprint) == (best == 0)
    notes = [e["message"] for e in events if e["event"] == "note"]
    assert any("better" in one for one in notes) == (best == 0)
    assert (tmp_path / "new.run" / "metrics.json").is_file()
    again = tmp_path / "again.safetensors"
    assert run(*command(manifest, again, small_weights)) == 0
    assert load_model(again).fingerprint == new.fingerprint


@pytest.mark.parametrize("what", ["last_blocks", "lora", "all"])
def test_the_encoder_can_be_trained_too(
    manifest: Path, small_weights: Path, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "new.safetensors"
    more = ("--set", f"train.what={what}", "--set", "loop.validate_every=6")
    # the last weights are wanted, whether or not they are better
    fixed = ("--set", "data.validation=0", "--set", "loop.steps=3")
    assert run(*command(manifest, out, small_weights, *more, *fixed)) == 0
    before, after = load_file(small_weights), load_file(out)
    assert set(before) == set(after)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    trunk = "image_encoder.trunk.blocks"
    assert any(name.startswith(f"{trunk}.11.") for name in changed)
    assert any(name.startswith("sam_mask_decoder.") for name in changed)
    assert any(name.startswith(f"{trunk}.0.") for name in changed) == (
        what != "last_blocks"
    )
    norms = {n for n in changed if n.startswith(trunk) and n.endswith("norm1.weight")}
    assert bool(norms) == (what != "lora")


@pytest.mark.slow
def test_a_killed_round_continues_to_the_same_weights(
    manifest: Path, small_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.safetensors"
    killed = process(command(manifest, out, small_weights))
    assert killed.stdout is not None
    for line in killed.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["step"] == 5:
            killed.kill()
            break
    killed.communicate()
    assert not out.exists()
    state = torch.load(tmp_path / "new.run" / "state.pt", weights_only=True)
    assert state["progress"]["step"] == 4
    continued = process(command(manifest, out, small_weights))
    stdout, stderr = continued.communicate(timeout=240)
    assert continued.returncode == 0, stderr
    events = [json.loads(line) for line in stdout.splitlines()]
    assert [e["step"] for e in events if e["event"] == "step"] == [5, 6]
    whole = tmp_path / "whole.safetensors"
    straight = process(command(manifest, whole, small_weights))
    straight.communicate(timeout=240)
    assert load_model(whole).fingerprint == load_model(out).fingerprint
    assert read_metrics(tmp_path / "whole.run" / "metrics.csv") == read_metrics(
        tmp_path / "new.run" / "metrics.csv"
    )


@pytest.mark.slow
def test_held_out_frames_without_a_lesion_still_give_a_model_that_loads(
    manifest: Path, small_weights: Path, tmp_path: Path
) -> None:
    lines = manifest.read_text().splitlines()
    sides = ["split", "val", *["train"] * 4]  # frame 0 has no lesion
    manifest.write_text(
        "\n".join(f"{line},{side}" for line, side in zip(lines, sides, strict=True))
    )
    out = tmp_path / "new.safetensors"
    assert run(*command(manifest, out, small_weights)) == 0
    metrics = load_model(out).card.metrics
    assert "dice_prompt_free" in metrics
    assert "dice_1_click" not in metrics


@pytest.mark.parametrize("workers", [0, 1])
def test_sigterm_to_every_process_of_a_run_ends_it_cleanly(
    manifest: Path, small_weights: Path, tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "new.safetensors"
    more = ("--set", "loop.steps=100000", "--set", f"run.workers={workers}")
    cancelled = process(command(manifest, out, small_weights, *more))
    assert cancelled.stdout is not None
    lines = []
    for line in cancelled.stdout:
        lines.append(json.loads(line))
        if lines[-1]["event"] == "step":
            os.killpg(cancelled.pid, signal.SIGTERM)
            break
    rest, stderr = cancelled.communicate(timeout=60)
    assert cancelled.returncode == 143, stderr
    assert json.loads(rest.splitlines()[-1]) == {"event": "end", "status": "cancelled"}
    assert "Traceback" not in stderr
    assert not out.exists()
    assert (tmp_path / "new.run" / "state.pt").is_file()


def test_drawn_frames_train_the_encoder_in_half_precision(
    manifest: Path, small_weights: Path, tmp_path: Path, wide_frames: Path
) -> None:
    """As the packaged weights are trained: at another side, many sessions on a view."""
    out = tmp_path / "new.safetensors"
    more = [
        *("--set", "train.what=last_blocks", "--set", "train.side=96"),
        *("--set", "prompts.per_view=2", "--set", "loop.batch=4"),
        *("--set", f"data.backgrounds={wide_frames}", "--set", "data.drawn=4"),
        *("--set", f"data.leaking={wide_frames}", "--set", "data.drawn_beside=4"),
        *("--set", "run.precision=bf16-mixed", "--set", "run.workers=1"),
        *("--set", "loop.steps=3", "--set", "data.validation=0"),
    ]
    assert run(*command(manifest, out, small_weights, *more)) == 0
    before, after = load_model(small_weights), load_model(out)
    assert after.card.image_size == before.card.image_size == 128
    assert after.encoder_fingerprint != before.encoder_fingerprint


@pytest.mark.slow
def test_a_lost_run_ends_though_a_worker_prepares_batches(
    manifest: Path, small_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.safetensors"
    more = ("--set", "run.workers=1", "--set", "loop.learning_rate=1e30")
    ran = process(command(manifest, out, small_weights, *more))
    _, stderr = ran.communicate(timeout=240)
    assert ran.returncode == 2
    assert "no longer a number" in stderr
    assert not out.exists()


@pytest.mark.slow
def test_two_processes_give_the_loss_of_one(
    manifest: Path, small_weights: Path, tmp_path: Path
) -> None:
    losses = []
    for devices in (1, 2):
        out = tmp_path / f"{devices}.safetensors"
        more = ("--set", f"run.devices={devices}", "--set", "run.accelerator=cpu")
        ran = process(command(manifest, out, small_weights, *more))
        _, stderr = ran.communicate(timeout=240)
        assert ran.returncode == 0, stderr
        rows = read_metrics(tmp_path / f"{devices}.run" / "metrics.csv")
        losses.append([v for _, name, v in rows if name in ("train/loss", "val/dice")])
    assert len(losses[0]) == STEPS + 3
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-4)


def test_bad_input_is_one_sentence_and_exit_code_2(
    manifest: Path,
    small_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "new.safetensors"
    for n in range(5):
        Image.new("L", (96, 96)).save(tmp_path / f"{n}.mask.png")
    wrong = {
        "has any leakage": command(manifest, out, small_weights),
        "There is no": command(tmp_path / "absent", out, small_weights),
        "is not a study": command(tmp_path, out, small_weights),
        "must end in .safetensors": command(manifest, tmp_path / "x", small_weights),
        "did you mean 'loop.steps'": command(
            manifest, out, small_weights, "--set", "loop.stepps=3"
        ),
    }
    for words, arguments in wrong.items():
        assert run(*arguments, "--json-progress") == 2
        printed = capsys.readouterr()
        assert words in printed.err
        assert printed.err.count("\n") == 1
        events = [json.loads(line) for line in printed.out.splitlines()]
        assert [event["event"] for event in events[-2:]] == ["error", "end"]
        assert words in events[-2]["message"]
    assert not out.exists()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_are_valid(path: Path) -> None:
    load_config(FinetuneConfig, path)


def test_there_are_recipes() -> None:
    assert len(RECIPES) == 7
