"""Every command of README and docs is understood, and those that are quick run.

Those that train or measure take minutes: tests/training runs them on small data.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from documented import PAGES, commands
from PIL import Image
from small_head import save_small_head
from small_model import save_small_model

from mae_sam2_training.__main__ import app as train_app
from napari_mae_sam2 import cli
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.weights import remember_weights
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[[list[str]], int]

APPS = {"napari-mae-sam2": cli.app, "mae-sam2-train": train_app}
WITH_COMMANDS = [page for page in PAGES if commands(page)]


def test_there_are_commands() -> None:
    assert {"README.md", "rounds.md", "qa.md"} <= {page.name for page in WITH_COMMANDS}


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_every_command_is_understood(page: Path) -> None:
    for words in commands(page):
        command = typer.main.get_command(APPS[words[0]])
        rest = words[1:]
        while hasattr(command, "commands"):
            assert rest[0] in command.commands, words
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(words[0], rest)  # raises where an option is not known


# --- a folder in which they run ---


def _frame(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(20, 60, (64, 80)).astype("u1")
    pixels[20:40, 10 + seed : 30 + seed] += 120
    Image.fromarray(pixels).save(path)


def _label(study: Path, frames: Path) -> None:
    opened = Study.create(study)
    for path in sorted(frames.iterdir()):
        frame = read_frame(path)
        labels = np.zeros(frame.shape, np.uint16)
        labels[20:40, 10:30] = 1
        opened.save_revision(frame, labels, grader="anna", parent=None)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder that holds what the docs speak of."""
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    monkeypatch.chdir(tmp_path)
    weights = save_small_model(tmp_path / "in_use.safetensors", 0, side=64)
    remember_weights(weights)

    def start(words: list[str]) -> int:
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return start


def _words(page: str, *beginning: str) -> list[list[str]]:
    """The commands of a page that begin so; there is at least one."""
    found = [
        words
        for words in commands(next(one for one in PAGES if one.name == page))
        if words[1 : 1 + len(beginning)] == list(beginning)
    ]
    assert found, f"{page} no longer shows {' '.join(beginning)}"
    return found


def test_study_commands_of_the_readme_run(run: Run, tmp_path: Path) -> None:
    frames = tmp_path / "FRAMES"
    frames.mkdir()
    for seed in range(4):
        _frame(frames / f"f{seed}.png", seed)
    (tmp_path / "about.csv").write_text(
        "file,patient,eye,visit,phase\n"
        + "".join(f"f{n}.png,P-{n},OD,baseline,late\n" for n in range(4))
    )
    (words,) = _words("README.md", "study", "init")
    assert run(words) == 0
    (words,) = _words("README.md", "study", "add")
    assert run(words) == 0
    study = Study.open(tmp_path / "STUDY")
    case = study.case_ids()[0]
    frame = study.load_frame(case)
    labels = np.zeros(frame.shape, np.uint16)
    for n in (1, 2):  # two answers, neither of which knew the other
        labels[:n] = 1
        study.save_revision(frame, labels, grader="anna", parent=None)
    revision = study.revision_ids(case)[0]
    for answered in study.case_ids()[1:]:
        frame = study.load_frame(answered)
        study.save_revision(frame, labels, grader="ben", parent=None)
    (tmp_path / "MASKS").mkdir()
    mask = (labels * 255).astype(np.uint8)
    Image.fromarray(mask).save(tmp_path / "MASKS" / f"{answered}.png")

    assert run(["napari-mae-sam2", "predict", "STUDY", "--propose", "STUDY"]) == 0
    (folder,) = (tmp_path / "STUDY" / "predictions").iterdir()
    fingerprint = Results.open(folder).model.fingerprint
    (tmp_path / "verdicts.json").write_text(
        json.dumps(
            {
                "kind": "napari-mae-sam2 verdicts",
                "fingerprint": fingerprint,
                "reviewer": "anna",
                "verdicts": [],
            }
        )
    )
    ran = 0
    for words in _words("README.md", "study"):
        if words[2] in ("init", "add"):
            continue
        known = {"CASE": case, "REVISION": revision}
        assert run([known.get(word, word) for word in words]) == 0, words
        ran += 1
    assert ran >= 8


@pytest.mark.slow
def test_commands_on_predictions_run(run: Run, tmp_path: Path) -> None:
    for name in ("FRAMES", "FOLDER"):
        (tmp_path / name).mkdir()
        for seed in range(3):
            _frame(tmp_path / name / f"{name}{seed}.png", seed)
    _frame(tmp_path / "FRAME.tif", 9)
    _label(tmp_path / "STUDY", tmp_path / "FRAMES")
    save_small_model(tmp_path / "new.safetensors", 1)
    (tmp_path / "prompts.json").write_text(
        '{"FRAME": [{"points": [[30, 30]], "labels": [1]}]}'
    )
    first, second, classified, _ = _words("qa.md", "predict")
    assert run(first) == 0
    for name, told in (("phase", "phase"), ("grade", "gradability")):
        (tmp_path / name).mkdir()
        head = tmp_path / name / "head.safetensors"
        save_small_head(head, tmp_path / "in_use.safetensors", told)
    assert run(classified) == 0
    assert run([*first[:2], "STUDY", "--propose", "STUDY", *classified[-4:]]) == 0
    (listed,) = _words("qa.md", "study", "list")
    assert run(listed) == 0
    assert run(second) == 0
    assert (
        run([*first[:2], "FRAMES", "--out", "old", "--weights", "new.safetensors"]) == 0
    )
    for words in _words("qa.md", "qa"):
        assert run(words) == 0
        assert (tmp_path / "qa.html").stat().st_size > 10_000
