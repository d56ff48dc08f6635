"""Frames that are referred to, and studies of an earlier schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.coco import write_study_coco
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.frames import resolve
from napari_mae_sam2.study.migration import migrate, study_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.fa.frame import Frame


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "frames" / "late.png"
    path.parent.mkdir()
    pixels = np.random.default_rng(3).integers(0, 200, (40, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_copy_holds_pixels_and_nothing_else(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "device.tif"
    pixels = np.random.default_rng(3).integers(0, 200, (40, 60)).astype(np.uint8)
    tifffile.imwrite(path, pixels, description="Erika Mustermann 1.2.1950")
    case = study.add_frame(read_frame(path))
    copy = study.frame_path(case)
    assert copy.parent == study.case_folder(case.id)
    assert b"Mustermann" not in copy.read_bytes()
    assert np.array_equal(tifffile.imread(copy), pixels)


def test_a_frame_can_be_referred_to_from_a_folder_that_moves(
    study: Study, picture: Path, labels: np.ndarray, tmp_path: Path
) -> None:
    frame = read_frame(picture)
    case = study.add_frame(frame, reference=True)
    assert case.frame_file == "../frames/late.png"
    assert case.schema_version == 2
    assert [path.name for path in study.case_folder(case.id).iterdir()] == ["case.json"]
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("study", "frames"):
        (tmp_path / name).rename(moved / name)
    again = Study.open(moved / "study")
    found = again.load_frame(case.id)
    assert np.array_equal(found.pixels, frame.pixels)
    assert found.path == moved / "frames" / "late.png"
    assert again.latest_revision(case.id) == saved
    content = json.loads(write_study_coco(again).read_text("utf-8"))
    assert content["images"][0]["file_name"] == "../frames/late.png"


def test_a_referred_frame_that_changed_or_is_gone(study: Study, picture: Path) -> None:
    case = study.add_frame(read_frame(picture), reference=True)
    whole = picture.read_bytes()
    Image.fromarray(np.eye(40, 60, dtype=np.uint8) * 200).save(picture)
    with pytest.raises(StudyError, match="no longer the frame that was graded"):
        study.load_frame(case.id)
    picture.write_bytes(whole[:90])
    with pytest.raises(StudyError, match="damaged or cut short"):
        study.load_frame(case.id)
    picture.unlink()
    with pytest.raises(StudyError, match=r"not at .* any more: connect its drive"):
        study.load_frame(case.id)


def test_what_is_no_file_of_its_own_cannot_be_referred_to(
    study: Study, frame: Frame, tmp_path: Path
) -> None:
    path = tmp_path / "run.tif"
    pages = np.random.default_rng(0).integers(0, 99, (5, 40, 60), "u1")
    tifffile.imwrite(path, pages, photometric="minisblack")
    for one in (frame, read_frame(path), read_frame(path, 1)):
        with pytest.raises(StudyError, match="copy it into the study instead"):
            study.add_frame(one, reference=True)
    assert study.case_ids() == []


def test_a_drive_of_windows_is_named_elsewhere() -> None:
    with pytest.raises(StudyError, match="drive of Windows"):
        resolve(Path("study"), "D:/frames/late.png")


# --- schema 1 ---------------------------------------------------------------------


@pytest.fixture
def old(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    """As the first version wrote it."""
    study.save_revision(make_frame("a", 1), labels, grader="g", parent=None)
    for path in study.folder.rglob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        for name in ("id",) if path.name == "study.json" else ("merges", "frame_file"):
            content.pop(name, None)
        path.write_text(json.dumps(content | {"schema": 1, "theirs": 5}), "utf-8")
    for path in (study.folder / "log").rglob("*.json"):
        path.unlink()
    return study


def test_a_study_of_schema_1_is_read_and_written_as_it_is(
    old: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    before = (old.folder / "study.json").read_bytes()
    study = Study.open(old.folder)
    (found,) = study.labelled()
    assert np.array_equal(study.load_labels(found.revision), labels)
    again = study.save_revision(
        make_frame("a", 1), labels, grader="g", parent=found.revision.id
    )
    assert again.schema_version == 1
    assert (old.folder / "study.json").read_bytes() == before


def test_migration_changes_study_json_alone_and_keeps_the_old_one(
    old: Study, make_frame: Callable[..., Frame]
) -> None:
    files = {path: path.read_bytes() for path in (old.folder / "cases").rglob("*.*")}
    identity = study_id(old)
    before = json.loads((old.folder / "study.json").read_text("utf-8"))
    assert migrate(old, "anna")
    assert not migrate(old, "ben")
    after = json.loads((old.folder / "study.json").read_text("utf-8"))
    assert after == before | {"schema": 2, "id": identity}
    kept = json.loads((old.folder / "study.schema-1.json").read_text("utf-8"))
    assert kept == before
    assert all(path.read_bytes() == data for path, data in files.items())
    (event,) = old.log.events()
    assert (event.event, event.grader) == ("migrated", "anna")
    assert study_id(Study.open(old.folder)) == identity
    assert old.find_case(make_frame("a", 1)) is not None


def test_a_study_of_a_newer_schema_is_refused_and_left_alone(study: Study) -> None:
    path = study.folder / "study.json"
    path.write_text(json.dumps({"schema": 3}), "utf-8")
    with pytest.raises(StudyError, match=r"newer version \(schema 3"):
        migrate(study)
    assert json.loads(path.read_text("utf-8")) == {"schema": 3}


def test_ids_do_not_depend_on_how_a_frame_is_kept(study: Study, picture: Path) -> None:
    frame = read_frame(picture)
    assert study.add_frame(frame, reference=True).id == case_id(frame)
    assert study.add_frame(frame).frame_file is not None  # as it was added
