from __future__ import annotations

import csv
import errno
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training import evaluate as module
from mae_sam2_training.__main__ import main
from mae_sam2_training.evaluation.cases import short_names
from napari_mae_sam2.model.predictor import Sam2Predictor

QUICK = ("--set", "resamples=100", "--set", "max_clicks=5")


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_two_models_side_by_side(
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    encoded: Counter[str] = Counter()
    encode = Sam2Predictor.encode

    def counted(self: Sam2Predictor, *args: object) -> object:
        encoded[self.fingerprint] += 1
        return encode(self, *args)

    monkeypatch.setattr(Sam2Predictor, "encode", counted)
    negatives = tmp_path / "normal"
    negatives.mkdir()
    plain = np.random.default_rng(1).integers(80, 90, (80, 70), np.uint8)
    Image.fromarray(plain).save(negatives / "n.png")
    out = tmp_path / "report"
    code = run(
        *("evaluate", manifest, "--out", out, "--json-progress", *QUICK),
        *("--weights", weights[0], "--against", weights[1], "--negatives", negatives),
    )
    assert code == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["done"] for e in events if e["event"] == "measure"] == [1, 2, 3, 4, 5]
    assert events[-1] == {"event": "end", "status": "done"}
    assert sorted(encoded.values()) == [5, 5]  # once per frame and model

    frames, lesions = rows(out / "per_image.csv"), rows(out / "per_lesion.csv")
    assert len(frames) == 2 * 5
    assert [row["dice"] == "" for row in frames[:5]] == [True, *[False] * 3, True]
    assert frames[4]["image"] == "normal/n.png"
    assert all(0 <= float(row["dice_5"]) <= 1 for row in lesions)
    assert {row["model"] for row in lesions} == {"A", "B"}

    summary = json.loads((out / "summary.json").read_text())
    first = summary["models"]["A"]
    mean = np.mean([float(row["dice"]) for row in frames[1:4]])
    assert first["metrics"]["image_dice"]["value"] == pytest.approx(mean, abs=1e-5)
    assert first["counts"]["patients"] == 4
    found = [int(row["found"]) for row in lesions if row["model"] == "A"]
    assert first["metrics"]["sensitivity"]["value"] == pytest.approx(np.mean(found))
    paired = summary["a_against_b"]["lesion_dice_1"]
    other = summary["models"]["B"]["metrics"]["lesion_dice_1"]["value"]
    own = first["metrics"]["lesion_dice_1"]["value"]
    assert paired["difference"] == pytest.approx(own - other)

    page = (out / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>seed" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert page.count("data:image/svg+xml") == 5
    assert str(tmp_path) not in page + (out / "summary.json").read_text()


@pytest.mark.parametrize("large", [False, True])
def test_models_share_embeddings_and_large_frames_are_asked_in_tiles(
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    large: bool,
) -> None:
    if large:
        monkeypatch.setattr("napari_mae_sam2.model.tiles.WORTH_IT", 0.0)
    calls: list[str] = []
    encode = Sam2Predictor.encode

    def counted(self: Sam2Predictor, *args: object, **more: object) -> object:
        calls.append(self.fingerprint)
        return encode(self, *args, **more)

    monkeypatch.setattr(Sam2Predictor, "encode", counted)
    summaries = module.evaluate(
        manifest,
        tmp_path / "report",
        weights=weights[0],
        against=weights[0],
        overrides=["resamples=100", "max_clicks=5", "lesions=1"],
    )
    tiles = 4 * 4 if large else 0
    assert len(calls) == 4 + 2 * tiles  # of the whole once, of a tile for each model
    a, b = (summaries[letter].estimates["image_dice"] for letter in "AB")
    assert a == b


def test_the_test_rows_are_measured_where_there_are_some(
    manifest: Path, weights: tuple[Path, Path], tmp_path: Path
) -> None:
    lines = manifest.read_text().splitlines()
    splits = ["split", "train", "train", "test", "test"]
    manifest.write_text(
        "\n".join(f"{line},{split}" for line, split in zip(lines, splits, strict=True))
    )
    out = tmp_path / "report"
    assert run("evaluate", manifest, "--out", out, "--weights", weights[0], *QUICK) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["split"] == "test"
    assert len(rows(out / "per_image.csv")) == 2


def grow(folder: Path) -> None:
    Image.fromarray(np.zeros((95, 96), np.uint8)).save(folder / "1.mask.png")


def other_values(folder: Path) -> None:
    Image.fromarray(np.full((96, 96), 7, np.uint8)).save(folder / "1.mask.png")


def empty_all(folder: Path) -> None:
    for n in range(4):
        Image.fromarray(np.zeros((96, 96), np.uint8)).save(folder / f"{n}.mask.png")


def lose(folder: Path) -> None:
    (folder / "3.png").unlink()


def no_rows(folder: Path) -> None:
    (folder / "manifest.csv").write_text("image,mask\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (grow, "export the mask at the frame's size"),
        (other_values, "save leakage as 255"),
        (empty_all, "None of the 4 labelled frames has any leakage"),
        (lose, "does not exist"),
        (no_rows, "has no rows"),
    ],
)
def test_bad_data_is_one_sentence(
    spoil: object,
    words: str,
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(spoil)
    spoil(tmp_path)
    out = tmp_path / "report"
    assert run("evaluate", manifest, "--out", out, "--weights", weights[0]) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_weights_that_are_none(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nonsense")
    out = tmp_path / "report"
    assert run("evaluate", manifest, "--out", out, "--weights", bad) == 2
    assert "bad.safetensors" in capsys.readouterr().err
    assert not list(out.glob("*"))


def test_a_full_disk(
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(path: Path, content: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_report", full)
    out = tmp_path / "report"
    quick = (*QUICK, "--set", "lesions=1")
    assert run("evaluate", manifest, "--out", out, "--weights", weights[0], *quick) == 2
    told = capsys.readouterr().err
    assert "is full" in told
    assert "continues" not in told
    assert not (out / "summary.json").exists()


def test_names_are_short_and_unique() -> None:
    images = [Path("/d/a/1.png"), Path("/d/b/1.png"), Path("/d/b/2.png")]
    assert short_names(images) == ["a/1.png", "b/1.png", "2.png"]
    cases = [Path("/s/cases/x1/frame.tif"), Path("/s/cases/x2/frame.tif")]
    assert short_names(cases) == ["x1", "x2"]


def test_ctrl_c_says_that_nothing_was_written(
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "measure", interrupted)
    out = tmp_path / "report"
    command = ("evaluate", manifest, "--out", out, "--weights", weights[0])
    assert run(*command, "--json-progress") == 130
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last == {"event": "end", "status": "cancelled", "resumable": False}
    assert not list(out.glob("*"))
