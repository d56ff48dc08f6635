"""File names that are no UTF-8, as an old drive holds them, in every place."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.data.manifest import read_manifest
from mae_sam2_training.evaluation.cases import short_names
from mae_sam2_training.rounds.places import bench_of
from napari_mae_sam2 import cli
from napari_mae_sam2._reader import read
from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.opening import open_case
from napari_mae_sam2.annotate.round_places import RoundPlaces
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.fa.mask_reading import MaskError, read_mask
from napari_mae_sam2.fa.odd_names import as_text, found_on_disk, from_text
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.fa.table_file import TableError, read_table_file
from napari_mae_sam2.predict.sources import list_sources
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.study_export import export_study

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no such names"
)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Return a folder of two frames; nothing in its path is UTF-8."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Kr\xe4mer/fr\xe9mes"))
    folder.mkdir(parents=True)
    for number, name in enumerate((b"OD sp\xe4t.png", b"OS fr\xfch.png")):
        noise = np.random.default_rng(number).integers(0, 255, (64, 80), np.uint8)
        Image.fromarray(noise).save(folder / os.fsdecode(name))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    given = ["napari-mae-sam2", *map(str, arguments)]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code, given


@pytest.mark.parametrize("reference", [False, True])
def test_a_study_in_such_a_folder_works_as_any_other(
    frames: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], reference: bool,
) -> None:  # fmt: skip
    study = frames.parent / os.fsdecode(b"st\xfcdie")
    run(monkeypatch, "study", "init", study)
    run(monkeypatch, "study", "add", study, frames, *["--reference"] * reference)
    run(monkeypatch, "study", "verify", study)
    capsys.readouterr()
    run(monkeypatch, "study", "list", study, "--json")
    listed = json.loads(capsys.readouterr().out)
    assert "OD sp\ufffdt" in json.dumps(listed, ensure_ascii=False)
    opened = Study.open(study)
    assert len(opened.case_ids()) == 2
    for case in opened.case_ids():
        frame = opened.load_frame(case)
        opened.save_revision(
            frame, np.ones(frame.shape, np.uint16), grader="AB", parent=None
        )
        record = opened.case_folder(case) / "case.json"
        assert json.loads(record.read_text("utf-8"))["id"] == case
    export_study(opened, study / "export")
    coco = json.loads((study / "export" / "coco.json").read_text("utf-8"))
    assert len(coco["images"]) == 2
    assert len(list_sources([frames, study])) == 4


def test_keys_of_folders_can_be_made(frames: Path, tmp_path: Path) -> None:
    assert bench_of(frames)
    assert RoundPlaces(tmp_path).of(frames) != RoundPlaces(tmp_path).of(tmp_path)


def test_a_case_opens_and_its_journal_is_kept(frames: Path, tmp_path: Path) -> None:
    path = sorted(frames.iterdir())[0]
    case = Case("OD", lambda: read_frame(path), frames / "leakage-study", path)
    known = KnownStudies()
    journals = Journals(tmp_path / "state", print, known)
    opened = open_case(case, Frames(), journals, known)
    assert opened.session.frame.name == "OD sp\ufffdt"
    opened.drop()
    assert read(str(path))[0][1]["name"] == "OD sp\ufffdt"


def test_paths_as_text_read_back() -> None:
    odd = os.fsdecode(b"../fr\xe9mes/100 %.png")
    assert as_text(odd).isascii()
    assert from_text(as_text(odd)) == odd
    for plain in ("../Krämer/100 %25.png", "D:/x"):
        assert as_text(plain) == plain == from_text(plain)


def test_what_qt_lost_is_found_on_the_disk(frames: Path) -> None:
    for path in frames.iterdir():
        shown = Path(os.fsencode(path).decode("utf-8", "replace"))
        assert not shown.exists()
        assert found_on_disk(shown) == path
    gone = frames / "gone \ufffd.png"
    assert found_on_disk(gone) == gone
    twin = frames / os.fsdecode(b"OD sp\xf6t.png")  # is shown as its neighbour is
    twin.touch()
    assert found_on_disk(frames / "OD sp\ufffdt.png") == frames / "OD sp\ufffdt.png"


def test_tables_name_files_by_their_bytes_and_hold_text_elsewhere(
    frames: Path,
) -> None:
    table = frames / "about.csv"
    table.write_bytes(b"image,patient\nOD sp\xe4t.png,P1\n")
    (record,) = read_manifest(table)
    assert record.image.is_file()
    assert short_names([record.image]) == ["OD sp\ufffdt.png"]
    table.write_bytes(b"image,patient\nOD sp\xe4t.png,M\xfcller\n")
    with pytest.raises(TableError, match="not text in UTF-8"):
        read_table_file(table)


def test_messages_are_text_that_can_be_printed(frames: Path) -> None:
    odd = frames / os.fsdecode(b"mask\xff.png")
    odd.write_bytes(b"no mask")
    with pytest.raises(MaskError) as said:
        read_mask(odd)
    str(said.value).encode()
