"""`predict --classify`: what heads tell of frames, with a small real model."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING

import pytest
from bad_frames import write_bad
from PIL import Image
from small_head import save_small_head, shade
from small_model import save_small_model

from napari_mae_sam2 import cli
from napari_mae_sam2.model.classifier import Classifier
from napari_mae_sam2.model.predictor import Sam2Predictor

if TYPE_CHECKING:
    from pathlib import Path

WANTED = ["early", "late", "early", "late"]


def predict(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    words = ["napari-mae-sam2", "predict", *map(str, arguments)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def table(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def records(out: Path) -> list[dict]:
    files = sorted((out / "records").glob("*.json"))
    return [json.loads(file.read_text()) for file in files]


@pytest.fixture
def shades(tmp_path: Path, home: Path) -> Path:
    folder = tmp_path / "shades"
    folder.mkdir()
    for n in range(4):
        Image.fromarray(shade(n, bool(n % 2))).save(folder / f"{n}.png")
    return folder


@pytest.fixture
def phase(weights: Path, tmp_path: Path) -> Path:
    return save_small_head(tmp_path / "phase.safetensors", weights)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_head_tells_of_every_frame(
    shades: Path, weights: Path, phase: Path, tmp_path: Path, processes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    write_bad("truncated", shades, "9 cut")
    asked = (shades, "--out", out, "--weights", weights, "--classify", phase)
    assert predict(monkeypatch, *asked, "--processes", processes) == 1  # the cut one
    assert [row["phase"] for row in table(out)] == WANTED
    assert all(0.5 < float(row["phase_probability"]) <= 1 for row in table(out))
    for record in records(out):
        told = record["told"]["phase"]
        assert sum(told["probabilities"].values()) == pytest.approx(1)
        assert told["probability"] == max(told["probabilities"].values())


def test_heads_may_come_later_and_nothing_is_made_twice(
    shades: Path, weights: Path, phase: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    asked = (shades, "--out", out, "--weights", weights)
    assert predict(monkeypatch, *asked) == 0
    assert "phase" not in table(out)[0]
    plain = records(out)

    def encode_many(self: Sam2Predictor, frames: list) -> list:
        assert not frames, "a frame was encoded again"
        return []

    monkeypatch.setattr(Sam2Predictor, "encode_many", encode_many)
    capsys.readouterr()
    assert predict(monkeypatch, *asked, "--classify", phase) == 0
    assert "4 were predicted before (4 of them classified now)" in (
        capsys.readouterr().out
    )
    assert [row["phase"] for row in table(out)] == WANTED
    assert [one | {"told": {}} for one in records(out)] == plain

    # a second head: the first is not asked again
    other = save_small_head(
        tmp_path / "grade.safetensors", weights, "gradable", ("no", "yes")
    )
    told = []
    tell = Classifier.tell

    def watched(self: Classifier, pixels: object, names: set[str]) -> dict:
        told.append(names)
        return tell(self, pixels, names)

    monkeypatch.setattr(Classifier, "tell", watched)
    both = ("--classify", phase, "--classify", other)
    assert predict(monkeypatch, *asked, *both) == 0
    assert told == [{"gradable"}] * 4
    assert [row["gradable"] for row in table(out)] == ["no", "yes"] * 2
    assert [row["phase"] for row in table(out)] == WANTED

    # another head of the same name replaces what the first one said
    swapped = save_small_head(phase, weights, classes=("arterial", "venous"))
    assert predict(monkeypatch, *asked, "--classify", swapped) == 0
    assert [row["phase"] for row in table(out)] == ["arterial", "venous"] * 2
    assert predict(monkeypatch, *asked) == 0  # without heads, what was told stays
    assert [row["phase"] for row in table(out)] == ["arterial", "venous"] * 2
    assert [row["gradable"] for row in table(out)] == ["no", "yes"] * 2


def test_other_prompts_keep_what_was_told(
    shades: Path, weights: Path, phase: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out, prompts = tmp_path / "out", tmp_path / "prompts.json"
    asked = (shades, "--out", out, "--weights", weights)
    assert predict(monkeypatch, *asked, "--classify", phase) == 0
    prompts.write_text(json.dumps({"1": [{"points": [[9, 9]], "labels": [1]}]}))
    assert predict(monkeypatch, *asked, "--prompts", prompts) == 0
    assert records(out)[1]["prompts"]
    assert [row["phase"] for row in table(out)] == WANTED


def test_what_cannot_be_used_is_refused_before_anything_is_written(
    shades: Path, weights: Path, phase: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    other = save_small_model(tmp_path / "b.safetensors", 1)
    foreign = save_small_head(tmp_path / "foreign.safetensors", other)
    twin = save_small_head(tmp_path / "twin.safetensors", weights, classes=("a", "b"))
    taken = save_small_head(tmp_path / "taken.safetensors", weights, "lesions")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(phase.read_bytes()[:-40])
    for heads, words in (
        ([foreign], "another encoder"),
        ([weights], "no classification head"),
        ([phase, twin], "both tell phase"),
        ([taken], "uses lesions for something else"),
        ([cut], "cannot be read as a classification head"),
        ([tmp_path / "lost.safetensors"], "does not exist"),
        ([tmp_path], "is a folder"),
    ):
        given = [word for head in heads for word in ("--classify", head)]
        asked = (shades, "--out", out, "--weights", weights, *given)
        assert predict(monkeypatch, *asked) == 2
        said = capsys.readouterr().err
        assert words in said
        assert "Traceback" not in said
        assert not out.exists()
