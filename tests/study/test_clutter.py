"""What systems, drives and people put into a study is passed over by everything."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.frozen_test import read_frozen_test, reserve
from napari_mae_sam2 import cli
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.predict.sources import list_sources
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.study_export import export_study
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return a study of four graded frames, with clutter in each of its folders."""
    study = Study.create(tmp_path / "study")
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 80), np.uint8)
        frame = Frame(pixels, f"OD {number}", None, pixel_sha256(pixels))
        labels = np.zeros(frame.shape, np.uint16)
        labels[40:50, 40:60] = 1
        study.add_frame(frame, patient=f"P{number}")
        study.save_revision(frame, labels, grader="AB", parent=None)
    folders = [path for path in study.folder.rglob("*") if path.is_dir()]
    for folder in folders:
        litter(folder)
    return study


def litter(folder: Path) -> None:
    for name in (
        *("desktop.ini", "Thumbs.db", ".DS_Store", "._case.json", "~$notes.docx"),
        *("Icon\r", ".nfs000000000001", "notes.txt", ".directory", "ehthumbs.db"),
    ):
        (folder / name).write_bytes(b"[.ShellClassInfo]\r\n")
    with open(os.fsencode(folder) + b"/umla\xfct.txt", "wb") as file:
        file.write(b"an old drive")
    for name in ("@eaDir", "lost+found", ".stfolder", "$RECYCLE.BIN", "New folder"):
        (folder / name).mkdir()
        (folder / name / "SYNOINDEX").touch()
    for path in list(folder.iterdir()):
        if path.suffix == ".json":
            for mark in (
                *("-DESKTOP-1A2B3C4", " (1)", " (conflicted copy 2026-11-30)"),
                *(".sync-conflict-20261130-101500-ABCDEFG", " - Copy"),
            ):
                path.with_name(f"{path.stem}{mark}.json").write_text("{}")


def clone(study: Study) -> None:
    """Copy and rename case folders as people and synchronising programs do."""
    case = study.folder / "cases" / study.case_ids()[0]
    for mark in (
        *(" - Copy", " copy", " (1)", "-DESKTOP-1A2B3C4", ".old", "_backup"),
        *(" (Anna's conflicted copy 2026-11-30)", ".sync-conflict-20261130-101500-AB"),
    ):
        shutil.copytree(case, case.with_name(case.name + mark))
    (case.parent / "abcdef-0123456789ab").write_text("a file is no case")


def test_every_reader_of_a_study_sees_its_cases_alone(
    study: Study, tmp_path: Path
) -> None:
    cases = study.case_ids()
    clone(study)
    assert len(cases) == 4
    assert study.case_ids() == cases
    assert list(verify(study)) == []
    assert len(list(study.labelled())) == 4
    assert len(read_study(study.folder)) == 4
    assert len(list_sources([study.folder])) == 4
    export_study(study, tmp_path / "export")
    images = sorted((tmp_path / "export" / "images").iterdir())
    assert len(images) == 4
    reserve(study.folder, share=0.25)
    reserved = read_frozen_test(study.folder)
    assert reserved is not None
    assert len(reserved.cases) == 1


def test_the_commands_say_nothing_of_it(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clone(study)
    for command in ("list", "verify"):
        monkeypatch.setattr(
            sys, "argv", ["napari-mae-sam2", "study", command, str(study.folder)]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        said = capsys.readouterr()
        assert "Copy" not in said.out + said.err
        assert "desktop" not in (said.out + said.err).lower()


def test_a_case_without_its_record_is_damage_and_no_clutter(study: Study) -> None:
    case = study.case_ids()[0]
    (study.case_folder(case) / "case.json").unlink()
    assert any(case in sentence for sentence in verify(study))
