from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from mae_sam2_training.config import ConfigError, load_config
from mae_sam2_training.engine.records import read_metrics
from mae_sam2_training.pretrain import _prepare, _settings, pretrain
from mae_sam2_training.pretrain_config import PretrainConfig
from mae_sam2_training.pretrain_task import PretrainTask
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.architectures import (
    Architecture,
    build_model,
    is_image_key,
)
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import load_model, save_checkpoint

if TYPE_CHECKING:
    from mae_sam2_training.pretrain_task import MaskedBatch

RECIPES = sorted(
    (Path(__file__).parents[3] / "training" / "configs").glob("pretrain_*.yaml")
)
SMALL = (
    "run.accelerator=cpu",
    "loop.steps=3",
    "loop.batch=2",
    "loop.learning_rate=1e-3",
    "loop.save_every=2",
    "loop.validate_every=3",
    "data.crop.side=224",
    "mae.width=32",
    "mae.depth=1",
    "mae.heads=2",
    "mae.keep=0.01",
    "mae.keep_turns=2",
)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("parent") / "tiny.safetensors"
    card = ModelCard(architecture="tiny", licence="Apache-2.0", origin="a test")
    save_checkpoint(path, build_model(Architecture("tiny")), card)
    return path


def waves(folder: Path, *numbers: int) -> str:
    down, across = np.mgrid[:256, :256]
    for n in numbers:
        pixels = 128 + 90 * np.sin(down / (9 + n)) * np.cos(across / (15 - n))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{n}.png")
    return str(folder)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> str:
    return waves(tmp_path_factory.mktemp("frames"), 0, 1, 2)


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> str:
    return waves(tmp_path_factory.mktemp("held-out"), 3)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, parent: Path, frames: str, held_out: str
) -> tuple[Path, list[dict[str, object]]]:
    """A run from beginning to end: its checkpoint and its events."""
    out = tmp_path_factory.mktemp("whole") / "pretrained.safetensors"
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        run(out, parent, frames, held_out)
    return out, [json.loads(line) for line in told.getvalue().splitlines()]


def run(out: Path, parent: Path, frames: str, held_out: str) -> None:
    measured = f"data.held_out=[{{path: {held_out}}}]"
    overrides = (*SMALL, measured, "data.held_out_crops=3")
    pretrain(
        (f"{frames}@2",), out, weights=parent, overrides=overrides, json_progress=True
    )


def test_it_trains_the_trunk_and_writes_a_whole_model(
    finished: tuple[Path, list[dict[str, object]]], parent: Path
) -> None:
    before, after = load_model(parent), load_model(finished[0])

    assert after.card.parent == before.fingerprint
    assert after.card.licence == "Apache-2.0"
    assert after.card.origin == "a test"
    assert "fine-tune before use" in after.card.notes
    assert after.card.metrics["masked_loss"] < 3
    old, new = before.model.state_dict(), after.model.state_dict()
    image_half = {key for key in old if is_image_key(key)}
    changed = {key for key in image_half if not torch.equal(old[key], new[key])}
    assert changed == {key for key in old if ".trunk." in key}


def test_it_tells_and_logs_what_it_does(
    finished: tuple[Path, list[dict[str, object]]],
) -> None:
    out, events = finished

    assert [event["event"] for event in events].count("step") == 3
    assert events[-2]["event"] == "saved"
    assert events[-1] == {"event": "end", "status": "done"}
    folder = out.with_suffix(".run")
    names = {name for _, name, _ in read_metrics(folder / "metrics.csv")}
    assert {"train/loss", "train/pixels", "train/moved", "val/loss"} <= names
    assert list((folder / "tensorboard").iterdir())
    with Image.open(folder / "reconstruction.png") as picture:
        assert picture.size == (3 * 224, 2 * 224)


def test_a_killed_run_ends_with_the_same_weights(
    tmp_path: Path,
    finished: tuple[Path, list[dict[str, object]]],
    parent: Path,
    frames: str,
    held_out: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "m.safetensors"
    batch = PretrainTask.batch

    def dies(self: PretrainTask, step: int, rank: int, world: int) -> MaskedBatch:
        if step == 2:
            raise KeyboardInterrupt
        return batch(self, step, rank, world)

    monkeypatch.setattr(PretrainTask, "batch", dies)
    with pytest.raises(KeyboardInterrupt):
        run(out, parent, frames, held_out)
    assert not out.exists()
    monkeypatch.setattr(PretrainTask, "batch", batch)
    run(out, parent, frames, held_out)

    rows = read_metrics(out.with_suffix(".run") / "metrics.csv")
    assert [step for step, name, _ in rows if name == "train/loss"] == [1, 2, 3]
    assert load_model(out).fingerprint == load_model(finished[0]).fingerprint


def test_processes_share_the_samples_of_a_step(parent: Path, frames: str) -> None:
    task, _ = _prepare(load_model(parent), _settings(None, (frames,), None, SMALL))

    whole = task.batch(3, 0, 1)
    halves = [task.batch(3, rank, 2) for rank in range(2)]

    assert torch.equal(whole.images, torch.cat([half.images for half in halves]))
    masks = torch.cat([half.mask.visible for half in halves])
    assert torch.equal(whole.mask.visible, masks)
    assert not torch.equal(whole.mask.visible, task.batch(4, 0, 1).mask.visible)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("data.crop.side=256",), "must be a multiple of 224"),
        (("mae.ratio=1.5",), "mae.ratio"),
        (("mae.width=30",), "multiple of 4 and of heads"),
        (("data.crop.smallest=0.9", "data.crop.largest=0.5"), "at most largest"),
        (("mae.ration=0.5",), "did you mean"),
    ],
)
def test_bad_recipes_are_said_in_a_sentence(
    tmp_path: Path, parent: Path, frames: str, overrides: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        pretrain(
            (frames,),
            tmp_path / "m.safetensors",
            weights=parent,
            overrides=(*SMALL, *overrides),
        )
    assert not list(tmp_path.iterdir())


def test_bad_input_is_said_in_a_sentence(
    tmp_path: Path, parent: Path, frames: str
) -> None:
    out = tmp_path / "m.safetensors"
    with pytest.raises(PlainError, match="no frames to learn from"):
        pretrain((), out, weights=parent, overrides=SMALL)
    with pytest.raises(PlainError, match=r"nothing\.safetensors"):
        pretrain((frames,), out, weights=tmp_path / "nothing.safetensors")
    with pytest.raises(PlainError, match=r"must end in \.safetensors"):
        pretrain((frames,), tmp_path / "m.pt", weights=parent)
    with pytest.raises(PlainError, match="There is no"):
        pretrain((str(tmp_path / "absent"),), out, weights=parent)
    with pytest.raises(PlainError, match="a number above 0 after the @"):
        pretrain((f"{frames}@inf",), out, weights=parent)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_are_valid(path: Path) -> None:
    assert load_config(PretrainConfig, path).mae.ratio == 0.75


def test_a_setting_of_the_loop_leaves_the_others_alone() -> None:
    settings = _settings(None, ("a",), None, ("loop.batch=2",))
    assert settings.loop == PretrainConfig().loop.model_copy(update={"batch": 2})
    assert settings.loop.steps == 2000


def test_nothing_is_measured_on_what_is_learnt(
    tmp_path: Path, parent: Path, frames: str
) -> None:
    out = tmp_path / "m.safetensors"
    both = (*SMALL, f"data.held_out=[{{path: {frames}}}]")
    with pytest.raises(ConfigError, match=r"0\.png is both learnt from and held out"):
        pretrain((frames,), out, weights=parent, overrides=both)
    manifest = tmp_path / "manifest.csv"
    rows = [f"{frames}/{n}.png,P{n},{('train', 'val', 'test')[n]}" for n in range(3)]
    manifest.write_text("\n".join(("image,patient,split", *rows)))
    config = f"data.held_out=[{{path: {manifest}}}]"
    settings = _settings(None, (str(manifest),), None, (*SMALL, config))
    task, _ = _prepare(load_model(parent), settings)
    learnt, measured = (
        [file.name for frames in stream.datasets for file in frames.files]
        for stream in (task._stream, task._held_out)
    )
    assert (learnt, measured) == (["0.png"], ["1.png"])
    manifest.write_text(manifest.read_text().replace("P2", "P0"))
    with pytest.raises(PlainError, match="patient P0 are in test and train"):
        pretrain((str(manifest),), out, weights=parent, overrides=SMALL)


def test_every_process_has_something_to_look_at(
    tmp_path: Path, parent: Path, frames: str, held_out: str
) -> None:
    measured = (f"data.held_out=[{{path: {held_out}}}]", "data.held_out_crops=1")
    overrides = (*SMALL, *measured, "run.devices=2")
    with pytest.raises(ConfigError, match="make it at least 2"):
        pretrain(
            (frames,), tmp_path / "m.safetensors", weights=parent, overrides=overrides
        )


def test_a_run_that_does_not_fit_is_refused(
    tmp_path: Path, parent: Path, frames: str
) -> None:
    overrides = (*SMALL, "data.crop.side=22400", "loop.batch=64")
    with pytest.raises(PlainError, match=r"lower loop\.batch or data\.crop\.side"):
        pretrain(
            (frames,), tmp_path / "m.safetensors", weights=parent, overrides=overrides
        )
