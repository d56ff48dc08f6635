from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bad_frames import write_bad
from PIL import Image
from small_model import save_small_model

from napari_mae_sam2 import cli
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.settings import settings_file
from napari_mae_sam2.model.weights import remember_weights

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_model(tmp_path_factory.mktemp("weights") / "small.safetensors", 0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    remember_weights(weights)
    return tmp_path / "home"


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames   with spaces"
    folder.mkdir()
    for seed in range(4):
        pixels = np.random.default_rng(seed).integers(0, 256, (50, 60)).astype("u1")
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return folder


def _embed(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["napari-mae-sam2", "embed", *map(str, paths)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def _stored(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "cache" / "embeddings").iterdir())


def test_a_folder_is_embedded_once(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert _embed(monkeypatch, frames, frames / "2.png") == 0
    said = capsys.readouterr().out
    assert "4 of 4 frames encoded with PyTorch float32" in said
    first = _stored(home)
    assert len(first) == 4
    assert _embed(monkeypatch, frames) == 0
    assert "0 of 4 frames encoded" in (said := capsys.readouterr().out)
    assert "4 were encoded before" in said
    assert _stored(home) == first


def test_what_is_damaged_in_the_cache_is_made_again(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    _embed(monkeypatch, frames)
    path = home / "cache" / "embeddings" / _stored(home)[0]
    path.write_bytes(path.read_bytes()[:-1])
    capsys.readouterr()
    assert _embed(monkeypatch, frames) == 0
    assert "1 of 4 frames encoded" in capsys.readouterr().out


def test_a_bad_file_is_left_out_and_named(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write_bad("truncated", frames, "1 cut")
    write_bad("all black", frames, "0 black")
    assert _embed(monkeypatch, frames) == 1
    said = capsys.readouterr()
    assert "4 of 6 frames encoded" in said.out
    assert "1 cut" in said.err
    assert "0 black" in said.err
    assert "Traceback" not in said.err
    assert len(_stored(home)) == 4


def test_it_goes_on_where_it_was_stopped(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    encode = Sam2Predictor.encode
    calls = []

    def interrupted(self: Sam2Predictor, *arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Sam2Predictor, "encode", interrupted)
        assert _embed(patch, frames) == 130
    said = capsys.readouterr()
    assert "2 of 4 frames encoded" in said.out
    assert "same command to continue" in said.err
    assert "Traceback" not in said.err
    assert len(_stored(home)) == 2

    assert _embed(monkeypatch, frames) == 0
    assert "2 of 4 frames encoded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gigabytes", "said"),
    [
        (0, "keep no embeddings"),
        (1e-4, "room for the embeddings of 2 frames, not of 4"),
    ],
)
def test_too_little_room_is_said_before_anything_is_encoded(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], gigabytes: float, said: str,
) -> None:  # fmt: skip
    settings_file().write_text(json.dumps({"embedding_cache_gb": gigabytes}))
    assert _embed(monkeypatch, frames) == cli.BAD_INPUT
    error = capsys.readouterr().err
    assert said in error
    assert "embedding_cache_gb" in error


def test_a_full_disk_is_one_sentence(
    frames: Path, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "embeddings").touch()
    assert _embed(monkeypatch, frames) == cli.BAD_INPUT
    assert "could not be kept" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["gone", "."])
def test_bad_paths(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert _embed(monkeypatch, tmp_path / name) == cli.BAD_INPUT
    assert str(tmp_path) in capsys.readouterr().err


def test_doctor_keeps_the_encoder_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from napari_mae_sam2 import doctor

    monkeypatch.delenv("NAPARI_MAE_SAM2_ENCODER")
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.find_encoder()])
    for name, code in (("torch-bf16", 0), ("onnx", cli.BAD_INPUT)):
        arguments = ["napari-mae-sam2", "doctor", "--encoder", name]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert int(end.value.code or 0) == code
    said = capsys.readouterr()
    assert "PyTorch bf16 (asked for by the settings)" in said.out
    assert "There is no encoder onnx" in said.err
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "onnx")
    finding = doctor.find_encoder()
    assert not finding.ok
    assert "none of auto" in finding.value
    assert "--encoder NAME" in finding.advice
