from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.model import weights as module
from napari_mae_sam2.model.folders import cache_folder, config_folder
from napari_mae_sam2.model.weights import (
    WeightsError,
    find_weights,
    last_choice,
    packaged_weights,
    remember_weights,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))


def test_the_home_variable_moves_settings_and_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config_folder() == tmp_path / "home" / "config"
    assert cache_folder() == tmp_path / "home" / "cache"
    monkeypatch.delenv("NAPARI_MAE_SAM2_HOME")
    assert "napari-mae-sam2" in config_folder().parts
    assert "napari-mae-sam2" in cache_folder().parts


def test_an_explicit_path_wins(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.safetensors"
    chosen.touch()
    remember_weights(chosen)

    found = find_weights(tmp_path / "given.safetensors")

    assert (found.path.name, found.source) == ("given.safetensors", "given")


def test_the_last_choice_is_remembered_and_forgotten(tmp_path: Path) -> None:
    chosen = tmp_path / "my ärztliche wäights.safetensors"
    chosen.touch()

    remember_weights(chosen)
    found = find_weights()
    assert (found.path, found.source, found.note) == (chosen, "chosen", None)

    remember_weights(None)
    remember_weights(None)
    assert last_choice() is None
    assert find_weights().source == "packaged"


def test_a_choice_that_vanished_falls_back_and_says_so(tmp_path: Path) -> None:
    chosen = tmp_path / "gone.safetensors"
    chosen.touch()
    remember_weights(chosen)
    chosen.unlink()

    found = find_weights()

    assert found.source == "packaged"
    assert found.note is not None
    assert "gone.safetensors" in found.note


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"[]", b"7", b'{"path": 3}', b'{"path": ""}', b"\xff\xfe", b"[" * 9999],
)
def test_a_broken_settings_file_is_no_choice(garbage: bytes) -> None:
    config_folder().mkdir(parents=True)
    (config_folder() / "weights.json").write_bytes(garbage)

    assert last_choice() is None
    assert find_weights().source == "packaged"


def test_the_choice_is_written_whole(tmp_path: Path) -> None:
    remember_weights(tmp_path / "a")
    remember_weights(tmp_path / "b")
    (only,) = config_folder().iterdir()
    assert json.loads(only.read_text()) == {"path": str(tmp_path / "b")}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(WeightsError, match="config"):
        remember_weights(tmp_path / "a")


def test_without_packaged_weights_metas_are_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(checkpoint: object, progress: object, cancelled: object) -> Path:
        asked.append(checkpoint)
        return tmp_path / "sam2_hiera_tiny.pt"

    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    monkeypatch.setattr(module, "download_checkpoint", download)
    with pytest.raises(WeightsError, match="packaged"):
        packaged_weights()

    found = find_weights()

    assert (found.path.name, found.source) == ("sam2_hiera_tiny.pt", "downloaded")
    assert asked == [module.OFFICIAL[module.FALLBACK]]
