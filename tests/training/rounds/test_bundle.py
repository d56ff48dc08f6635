from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.rounds import bundle as module
from mae_sam2_training.rounds.folder import Rounds
from napari_mae_sam2.model.checkpoint import load_model

if TYPE_CHECKING:
    from pathlib import Path

QUICK = [
    *("--set", "finetune.loop.steps=1", "--set", "finetune.loop.batch=1"),
    *("--set", "finetune.train.views=1", "--set", "finetune.validation.clicks=1"),
    *("--set", "evaluate.resamples=100", "--set", "evaluate.max_clicks=5"),
    *("--set", "evaluate.lesions=1", "--set", "guards.discs=0"),
]


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def bundle(study: Path, weights: Path, tmp_path: Path) -> Path:
    path = tmp_path / "away" / "round.zip"
    command = ("export-round", study, "--out", path, "--weights", weights)
    assert run(*command, *QUICK) == 0
    return path


def test_a_round_goes_out_and_comes_back(
    study: Path,
    bundle: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rounds = Rounds(study)
    assert rounds.status(1) == "exported"
    assert rounds.settle() == []  # it is not taken for a killed one
    assert rounds.status(1) == "exported"
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        members = rounds.read(1).members
        assert sum(name.endswith("frame.tif") for name in names) == len(members)
        text = archive.read("round.json") + archive.read(names[-1])
        assert str(tmp_path).encode() not in text
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "server"))
    result = tmp_path / "away" / "result.zip"
    capsys.readouterr()
    assert run("run-bundle", bundle, "--out", result, "--json-progress") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [told[0]["event"], told[-1]["status"]] == ["start", "done"]
    # no pixel or feature stays on the server
    left = [p for p in (tmp_path / "server" / "cache").rglob("*") if p.is_file()]
    assert {path.name for path in left} <= {"lock"}
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(home))
    assert run("take-back", study, result) == 0
    assert rounds.status(1) == "done"
    model = load_model(rounds.place(1) / "result" / "model.safetensors")
    assert model.fingerprint == rounds.result(1)["model"]["fingerprint"]
    assert run("promote", study, 1, "--force") == 0
    capsys.readouterr()
    assert run("take-back", study, result) == 2
    assert "has a result already" in capsys.readouterr().err


def test_a_zip_that_is_there_is_not_written_over(
    study: Path, bundle: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = bundle.read_bytes()
    capsys.readouterr()
    assert run("export-round", study, "--out", bundle) == 2
    assert "is there already and is not written over" in capsys.readouterr().err
    assert bundle.read_bytes() == whole
    assert Rounds(study).numbers() == [1]  # and no round was frozen for it


def rewrite(path: Path, changes: dict[str, bytes | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (content | changes).items():
            if data is not None:
                archive.writestr(name, data)


def test_what_is_wrong_with_a_bundle_is_one_sentence(
    study: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "result.zip"
    with zipfile.ZipFile(bundle) as archive:
        frames = [n for n in archive.namelist() if n.endswith("frame.tif")]
        other = archive.read(frames[1])
    whole = bundle.read_bytes()
    for changes, words in (
        ({"round.json": None}, "is damaged or no bundle"),
        ({frames[0]: other}, "hash changed"),
        ({"round.json": b'{"schema": 9}'}, "newer version"),
    ):
        bundle.write_bytes(whole)
        rewrite(bundle, changes)  # type: ignore[arg-type]
        capsys.readouterr()
        assert run("run-bundle", bundle, "--out", out) == 2
        assert words in capsys.readouterr().err
    bundle.write_bytes(whole[:5000])
    assert run("run-bundle", bundle, "--out", out) == 2
    assert run("run-bundle", tmp_path / "absent.zip", "--out", out) == 2
    assert run("run-bundle", bundle, "--out", tmp_path / "result") == 2
    assert not out.exists()
    bundle.write_bytes(whole)
    rewrite(bundle, {"round.json": b'{"number": 1}'})
    capsys.readouterr()
    assert run("take-back", study, bundle) == 2
    assert "is the result of no round of the study" in capsys.readouterr().err


def test_a_bundle_cannot_write_elsewhere(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        content = json.loads(archive.read("round.json"))
    content["members"][0]["case"] = "../../evil"
    rewrite(bundle, {"round.json": json.dumps(content).encode()})
    assert run("run-bundle", bundle, "--out", tmp_path / "result.zip") == 2
    assert not list(tmp_path.rglob("evil*"))


def test_a_bundle_that_cannot_be_written_leaves_nothing(
    study: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_pack", full)
    out = tmp_path / "away" / "round.zip"
    assert run("export-round", study, "--out", out, "--weights", weights) == 2
    assert list(out.parent.iterdir()) == []
    assert Rounds(study).status(1) == "failed"
