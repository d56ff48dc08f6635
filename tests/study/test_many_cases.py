"""Work that must not grow with the square of the number of cases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study import case_folders
from napari_mae_sam2.study.event_log import EventLog
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def frame(number: int, name: str = "scan") -> Frame:
    pixels = np.full((8, 8), number, np.uint8)
    return Frame(pixels, f"{name} {number}", None, pixel_sha256(pixels))


def test_adding_many_frames_does_not_list_all_cases_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[int] = []
    names_of = case_folders.case_names

    def counted(study: Path) -> list[str]:
        names = names_of(study)
        listed.append(len(names))
        return names

    monkeypatch.setattr(case_folders, "case_names", counted)
    monkeypatch.setattr(case_folders, "_MANY", 5)
    monkeypatch.setattr(case_folders, "_SHARE", 1e9)
    study = Study.create(tmp_path / "study")
    for number in range(30):
        study.add_frame(frame(number))
    assert len(listed) < 10
    for number in range(30):  # what was added since the list was made is found, too
        again = study.add_frame(frame(number, "renamed"))
        assert again.name == f"scan {number}"
    assert len(study.case_ids()) == 30


def test_the_log_is_not_listed_again_where_nothing_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study.create(tmp_path / "study")
    (folder,) = study.log.folders()
    os.utime(folder, (1, 1))
    study.covered.refresh()
    listed: list[Path] = []
    ids = EventLog.ids

    def counted(log: EventLog, folder: Path) -> list[str]:
        listed.append(folder)
        return ids(log, folder)

    monkeypatch.setattr(EventLog, "ids", counted)
    for _ in range(3):
        study.covered.refresh()
    assert listed == []
    other = Study.open(study.folder)
    case = other.add_frame(frame(1)).id
    study.covered.refresh()
    assert study.covered.wanted(study.case_folder(case) / "case.json") is not None
