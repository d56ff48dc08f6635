from __future__ import annotations

import csv
import json
import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from bad_frames import write_bad
from PIL import Image
from skimage.io import imread
from small_model import save_small_model

from napari_mae_sam2 import cli
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.predictor import Sam2Predictor, choose_device
from napari_mae_sam2.predict.opening import open_for_run
from napari_mae_sam2.predict.prompts_file import PromptBook
from napari_mae_sam2.predict.sources import Source
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path


def _predict(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    words = ["napari-mae-sam2", "predict", *map(str, arguments)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def _table(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "out"


def test_a_folder_with_a_bad_file(
    frames: Path, out: Path, weights: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write_bad("truncated", frames, "1 cut")
    asked = (frames, "--out", out, "--weights", weights)
    assert _predict(monkeypatch, *asked, "--batch", 3) == 1
    said = capsys.readouterr()
    assert "5 of 6 frames predicted with PyTorch float32" in said.out
    assert "1 cut" in said.err
    assert "Traceback" not in said.err

    rows = _table(out)
    assert [row["name"] for row in rows] == list("01234")
    assert rows[0]["source"] == f"{frames.name}/0.png"
    for row in rows:
        labels = tifffile.imread(out / "labels" / f"{row['id']}.leakage.tif")
        assert labels.shape == (50, 60)
        assert labels.dtype == np.uint16
        assert np.count_nonzero(labels) == int(row["area_px"])
        assert labels.max() == int(row["lesions"])
        png = imread(out / "labels" / f"{row['id']}.leakage.png")
        assert ((png == 255) == (labels > 0)).all()
        probability = tifffile.imread(out / "probability" / f"{row['id']}.tif")
        assert (probability[labels > 0] >= 127).all()
        with Image.open(out / "previews" / f"{row['id']}.jpg") as preview:
            assert preview.size == (60, 50)
        assert 0 <= float(row["uncertainty"]) <= 1
        assert 0 <= float(row["field_share"]) <= 1

    # Nobody's cache or choice of weights was touched.
    assert not list(out.parent.glob("home/**/*.safetensors"))
    assert not list(out.parent.glob("home/**/*.emb*"))


def test_it_goes_on_where_it_was_stopped(
    frames: Path, out: Path, weights: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    asked = (frames, "--out", out, "--weights", weights, "--batch", 2)
    encode_many = Sam2Predictor.encode_many
    calls = []

    def interrupted(self: Sam2Predictor, *arguments: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode_many(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Sam2Predictor, "encode_many", interrupted)
        assert _predict(patch, *asked) == 130
    said = capsys.readouterr()
    assert "2 of 5 frames predicted" in said.out
    assert "same command to continue" in said.err
    assert len(_table(out)) == 2

    assert _predict(monkeypatch, *asked) == 0
    assert "3 of 5 frames predicted" in (said := capsys.readouterr().out)
    assert "2 were predicted before" in said
    assert len(_table(out)) == 5

    other = save_small_model(out.parent / "b.safetensors", 1)
    assert _predict(monkeypatch, frames, "--out", out, "--weights", other) == 2
    assert "another model" in capsys.readouterr().err


def test_prompts_and_a_study(
    frames: Path, out: Path, weights: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    study = Study.create(tmp_path / "study")
    for name in ("0", "1"):
        study.add_frame(read_frame(frames / f"{name}.png"))
    path = tmp_path / "prompts.json"
    asked = (study.folder, "--out", out, "--weights", weights, "--prompts", path)

    one = [{"points": [[20, 30]], "labels": [1]}, {"boxes": [[5, 5, 20, 20]]}]
    path.write_text(json.dumps({"0": one}))
    assert _predict(monkeypatch, *asked) == 0
    asked_from = {
        record["name"]: record["prompts"]
        for record in (
            json.loads(file.read_text()) for file in (out / "records").glob("*.json")
        )
    }
    assert asked_from["0"]
    assert not asked_from["1"]
    assert _table(out)[0]["source"].startswith("study/0-")

    one[0]["points"] = [[20, 31]]
    path.write_text(json.dumps({"0": one}))
    capsys.readouterr()
    assert _predict(monkeypatch, *asked) == 0
    assert "1 of 2 frames predicted" in capsys.readouterr().out  # the other stays

    point = {"points": [[20, 30]], "labels": [1]}
    for entry, said in (
        ([{"points": [[20, 99]], "labels": [1]}], "lies outside"),
        ([{"points": [[float("nan"), 9]], "labels": [1]}], "lies outside"),
        ([{"boxes": [[20, 20, 5, 5]]}], "ends before it begins"),
    ):
        path.write_text(json.dumps({"0": entry}))
        assert _predict(monkeypatch, *asked) == 1  # the other frame is done
        assert said in capsys.readouterr().err
    (tmp_path / "far").mkdir()
    pixels = read_frame(frames / "0.png").pixels + 1
    Image.fromarray(pixels).save(tmp_path / "far" / "0.png")
    study.add_frame(read_frame(tmp_path / "far" / "0.png"))
    path.write_text(json.dumps({"0": [point], "FAR/0.png": [point]}))
    assert _predict(monkeypatch, *asked) == 1
    assert "0 fits study/0-" in capsys.readouterr().err
    records = [json.loads(file.read_text()) for file in (out / "records").glob("0-*")]
    assert sorted(bool(record["prompts"]) for record in records) == [False, True]
    path.write_text(json.dumps({"1": [point], "gone": [point]}))
    assert _predict(monkeypatch, *asked) == 1
    assert "gone in prompts.json is the name of none" in capsys.readouterr().err


@pytest.mark.parametrize("wrote", ["\u00e9t\u00e9", "e\u0301te\u0301"])
def test_an_accent_is_the_same_letter_however_a_drive_writes_it(
    tmp_path: Path, wrote: str
) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps({wrote: [{"points": [[2, 3]], "labels": [1]}]}))
    for name in ("\u00e9t\u00e9", "e\u0301te\u0301", "\u00c9T\u00c9"):
        book = PromptBook.read(path)
        file = tmp_path / f"{name}.png"
        frame = Frame(np.zeros((9, 9), np.uint8), name, file, "0")
        source = Source(file)
        book.match([source])
        assert len(book.of(source, frame)) == 1
        assert not book.unused({book.entry_of(source, frame)})
        assert book.entry_of(source)


def _book(path: Path, *names: str) -> PromptBook:
    one = [{"points": [[2, 3]], "labels": [1]}]
    path.write_text(json.dumps(dict.fromkeys(names, one)))
    return PromptBook.read(path)


def test_a_prompt_of_two_frames_is_used_for_none(tmp_path: Path) -> None:
    frames = [tmp_path / folder / "OD_late.png" for folder in ("P1", "P2")]
    first, second = map(Source, frames)
    pixels = np.zeros((9, 9), np.uint8)
    book = _book(tmp_path / "p.json", "OD_late.png", "p2/OD_late", "OD_late.tif")
    book.match([first, second])
    one, two = (Frame(pixels, "OD_late", path, "0") for path in frames)
    assert book.of(first, one) == []
    assert len(book.of(second, two)) == 1
    (said,) = book.trouble
    assert "OD_late.png fits P1/OD_late.png and P2/OD_late.png" in said
    (unused,) = book.unused({book.entry_of(second)})
    assert unused.startswith("OD_late.tif in p.json")


def test_pages_and_ids_are_named_one_by_one(tmp_path: Path) -> None:
    pages = [Source(tmp_path / "run.tif", page) for page in range(3)]
    frame = Frame(
        np.zeros((9, 9), np.uint8), "other", tmp_path / "other.png", "ab" * 32
    )
    names = ("run", "run page 2", "d/run.tif page 3", case_id(frame).upper())
    book = _book(tmp_path / "p.json", *names)
    book.match([*pages, Source(frame.path)])
    assert [book.entry_of(page) for page in pages] == ["run", "run page 2", ""]
    assert book.entry_of(Source(frame.path)) == ""  # it is not read yet
    assert book.entry_of(Source(frame.path), frame) == names[3]
    assert book.trouble == []
    book = _book(tmp_path / "p.json", "run.tif")
    book.match(pages)
    assert "run.tif fits" in book.trouble[0]
    assert not any(map(book.entry_of, pages))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"0": [', "no valid JSON (line 1"),
        ("[1, 2]", "holds no prompts"),
        ('{"0": "here"}', "holds no list of lesions"),
        ('{"0": [{"points": [[20, 30]]}]}', "one label"),
        ('{"0": [{"points": [[20, 30]], "labels": [1, 1]}]}', "one label"),
        ('{"0": [{"points": [[20, "a"]], "labels": [1]}]}', "has points that cannot"),
        ('{"0": [{"point": [[20, 30]]}]}', "says “point”"),
        ('{"0": [{}]}', "without points and boxes"),
        ('{"0": []}', "without points and boxes"),
        (
            json.dumps({n: [{"boxes": [[1, 1, 2, 2]]}] for n in ("\u00e9", "e\u0301")}),
            "twice",
        ),
        ('{"\\ud800": [{"boxes": [[1, 1, 2, 2]]}]}', "that no file can have"),
    ],
)
def test_what_is_no_prompt_is_said_and_never_passed_over(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(text)
    with pytest.raises(PlainError) as error:
        PromptBook.read(path)
    assert said in str(error.value)
    assert str(error.value).startswith("prompts.json")


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text(
    tmp_path: Path, out: Path, weights: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "names"
    folder.mkdir()
    names = [b"M\xfcller.png", b"new\nline.png", b"<b>\xe5\xbc\xa0\xf0\x9f\x91\x81.png"]
    for seed, name in enumerate(names):
        pixels = np.random.default_rng(seed).integers(0, 256, (50, 60)).astype("u1")
        Image.fromarray(pixels).save(folder / os.fsdecode(name))
    Image.fromarray(pixels[::-1]).save(folder / "=1+1.png")
    write_bad("truncated", folder, "cut\nshort")
    encode_many, batches = Sam2Predictor.encode_many, []
    monkeypatch.setattr(
        *(Sam2Predictor, "encode_many"),
        lambda self, frames: batches.append(len(frames)) or encode_many(self, frames),
    )
    assert _predict(monkeypatch, folder, "--out", out, "--weights", weights) == 1
    assert sorted(row["name"] for row in _table(out)) == [
        *("'=1+1", "<b>张👁", "M\ufffdller", "new line")
    ]
    assert "cut short.tif is damaged" in capsys.readouterr().err
    # On a processor one by one: nobody waits for the other frames of a batch.
    assert max(batches) == 1 or choose_device().type != "cpu"


@pytest.mark.slow
def test_several_processes(
    frames: Path, out: Path, weights: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write_bad("truncated", frames, "1 cut")
    asked = (frames, "--out", out, "--weights", weights)
    assert _predict(monkeypatch, *asked, "--batch", 2, "--processes", 2) == 1
    said = capsys.readouterr()
    assert "5 of 6 frames predicted" in said.out
    assert "1 cut" in said.err
    assert len(_table(out)) == 5
    left_out = (out / "left_out.csv").read_text("utf-8").splitlines()
    assert left_out[0] == "left_out"
    assert len(left_out) == 2
    assert "1 cut" in left_out[1]
    next(frames.glob("1 cut*")).unlink()
    assert _predict(monkeypatch, *asked) == 0
    assert not (out / "left_out.csv").exists()


def test_bad_inputs(
    out: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert _predict(monkeypatch, tmp_path / "gone", "--out", out) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not out.exists()


def test_a_batch_is_encoded_as_single_frames_are(
    frames: Path, home: Path, weights: Path
) -> None:
    predictor = open_for_run(weights)
    try:
        pixels = [read_frame(path).pixels for path in sorted(frames.iterdir())[:3]]
        for one, many in zip(pixels, predictor.encode_many(pixels), strict=True):
            alone = predictor.encode(one)
            assert many.shape == alone.shape == (50, 60)
            np.testing.assert_allclose(
                many.features.embedding, alone.features.embedding, atol=1e-4
            )
    finally:
        predictor.close()
