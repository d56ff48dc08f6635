"""An export is replaced as a whole and holds nothing else; manifest and COCO fields."""

from __future__ import annotations

import csv
import errno
import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.study import replacing
from napari_mae_sam2.study.files import StudyError, to_json
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.replacing import replaced_folder
from napari_mae_sam2.study.seals import sealed
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    for number in (1, 2, 3):
        study.save_revision(
            make_frame(f"f{number}", number), labels, grader="g", parent=None
        )
    return study


def _names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_no_label_any_more_leaves_no_file(
    filled: Study, labels: np.ndarray, make_frame: Callable[..., Frame], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_study(filled, out)
    refused, deleted, conflict = filled.case_ids()
    whole = _names(out)
    filled.log.write(
        "status", grader="a", case=refused, details={"status": "cannot_grade"}
    )
    done = export_study(filled, out)
    assert (done.cases, done.trouble) == (2, [])
    assert not [name for name in _names(out) if refused in name]
    shutil.rmtree(filled.case_folder(deleted))
    record = filled.case(conflict)
    frame = filled.load_frame(conflict)
    frame = replace(frame, name=record.name)
    parent = filled.latest_revision(conflict)
    assert parent is not None
    for grader in ("b", "c"):
        filled.save_revision(frame, labels, grader=grader, parent=parent.id)
    done = export_study(filled, out)
    assert done.cases == 0
    assert "conflict" in " ".join(done.trouble)
    assert _names(out) == {"coco.json", "manifest.csv", "export.json"}
    assert len(whole) == 3 * 4 + 3
    assert list(tmp_path.glob(".tmp-*")) == []


def test_an_export_that_lost_its_last_label_is_emptied(
    filled: Study, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_study(filled, out)
    for case in filled.case_ids():
        shutil.rmtree(filled.case_folder(case))
    (said,) = export_study(filled, out).trouble
    assert "the export is empty now" in said
    assert len(_names(out)) == 3
    with pytest.raises(StudyError, match="no finished label"):
        export_study(filled, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("where", ["notes.txt", "images/mine.tif", ".hidden", "a/b/c"])
def test_files_of_others_are_neither_lost_nor_mixed_in(
    filled: Study, tmp_path: Path, where: str
) -> None:
    out = tmp_path / "out"
    export_study(filled, out)
    before = _names(out)
    (out / where).parent.mkdir(parents=True, exist_ok=True)
    (out / where).write_text("mine")
    with pytest.raises(StudyError, match=f"part of an export \\({re.escape(where)}\\)"):
        export_study(filled, out)
    assert (out / where).read_text() == "mine"
    assert _names(out) == before | {where}
    (out / where).unlink()
    (out / "images" / "Thumbs.db").write_text("a computer's own")
    export_study(filled, out)
    assert _names(out) == before


def test_a_folder_that_looks_like_an_export_is_not_taken_for_one(
    filled: Study, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "images").mkdir(parents=True)
    (out / "images" / "eye-0123456789ab.tif").write_text("mine")
    (out / "coco.json").write_text('{"info": {"contributor": "somebody"}}')
    with pytest.raises(StudyError, match="not part of an export"):
        export_study(filled, out)
    with pytest.raises(StudyError, match="not part of an export"):
        export_study(filled, filled.folder)
    # One of an earlier version named its files nowhere.
    (out / "coco.json").write_text('{"info": {"contributor": "napari-mae-sam2 0.1"}}')
    export_study(filled, out)
    assert not (out / "images" / "eye-0123456789ab.tif").exists()


def test_a_stopped_or_failed_export_leaves_the_earlier_one(
    filled: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export_study(filled, out)
    before = {name: (out / name).read_bytes() for name in _names(out)}

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_study(filled, out, stop)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr("napari_mae_sam2.study.files.os.fsync", fail)
        with pytest.raises(StudyError, match="disk is full"):
            export_study(filled, out)
    assert {name: (out / name).read_bytes() for name in _names(out)} == before
    assert list(tmp_path.glob(".tmp-*")) == []


@pytest.mark.parametrize("way", ["exchange", "two renames", "inside"])
def test_every_way_to_replace_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    (out / "sub" / "old").write_text("old")
    (tmp_path / "link").symlink_to(out)
    if way != "exchange":
        monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
    if way == "inside":
        monkeypatch.setattr("os.path.ismount", lambda path: path == out)
    with replaced_folder(tmp_path / "link", lambda _: None) as new:
        assert (new.parent == out) is (way == "inside")
        (new / "sub").mkdir()
        (new / "sub" / "new").write_text("new")
    assert _names(out) == {"sub/new"}
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in tmp_path.iterdir() if path.name != "link"] == ["out"]


def test_manifest_and_coco_say_whose_frame_it_is(filled: Study, tmp_path: Path) -> None:
    one, two, three = filled.case_ids()
    relabel(filled, one, {"patient": "P1", "eye": "OD", "visit": "m6", "phase": "late"})
    relabel(filled, two, {"patient": "P1"})
    (filled.folder / "rounds").mkdir()
    path = filled.folder / "rounds" / "frozen_test.json"
    reserved = {
        "schema": 1,
        "cases": [{"case": one, "frame_sha256": filled.case(one).frame_sha256}],
        "groups": ["patient P1"],
    }
    path.write_bytes(to_json(reserved))
    with pytest.raises(StudyError, match="put there by hand"):
        export_study(filled, tmp_path / "out")
    path.write_bytes(to_json(sealed(reserved)))
    out = tmp_path / "out"
    export_study(filled, out)
    with (out / "manifest.csv").open(newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    coco = json.loads((out / "coco.json").read_text())["images"]
    expected = {
        one: ("P1", "right", "m6", "late", "test"),
        two: ("P1", "", "", "", "unused"),
        three: ("", "", "", "", ""),
    }
    fields = ("patient", "eye", "visit", "phase", "split")
    for image in coco:
        case = image["case"]
        assert tuple(rows[case][field] for field in fields) == expected[case]
        assert tuple(image[field] or "" for field in fields) == expected[case]


def test_an_export_outlives_a_drive_that_is_away(filled: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_study(filled, out)
    before = _names(out)
    frames = [filled.case_folder(case) / "frame.tif" for case in filled.case_ids()]
    for path in frames:
        path.rename(path.with_name("away"))
    with pytest.raises(StudyError, match="stays, since no case can be read"):
        export_study(filled, out)
    assert _names(out) == before
    for path in frames[1:]:
        path.with_name("away").rename(path)
    # One frame alone is damaged: the export says what the study says now.
    assert export_study(filled, out).cases == len(frames) - 1
    assert _names(out) < before
