from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.study.readings import Reading
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study


@pytest.fixture
def whole(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    """Two cases, three revisions, a blinded reading."""
    first = study.save_revision(make_frame("a", 1), labels, grader="g", parent=None)
    study.save_revision(make_frame("a", 1), labels * 2, grader="g", parent=first.id)
    study.save_revision(make_frame("b", 2), labels, grader="h", parent=None)
    reading = Reading(study, "0a1b2c3d")
    reading.save_revision(make_frame("b", 2), labels, grader="g", parent=None)
    return study


def _only(study: Study, *said: str) -> None:
    found = list(verify(study))
    assert len(found) == len(said), found
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence
        assert sentence.endswith(".")


def _case(study: Study, number: int = 0) -> Path:
    return study.case_folder(study.case_ids()[number])


def _first(study: Study) -> Path:
    return sorted((_case(study) / "revisions").iterdir())[0]


def _edit(path: Path, **changed: object) -> None:
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | changed), "utf-8")


def test_a_whole_study_is_whole(whole: Study) -> None:
    done: list[tuple[int, int]] = []
    assert list(verify(whole, lambda i, n: done.append((i, n)))) == []
    assert done == [(1, 2), (2, 2)]


def test_a_frame_that_changed_was_cut_or_is_gone(whole: Study, frame: Frame) -> None:
    path = _case(whole) / "frame.tif"
    content = path.read_bytes()
    tifffile.imwrite(path, frame.pixels)
    _only(whole, "no longer the frame that was graded")
    path.write_bytes(content[:120])
    _only(whole, "frame.tif is damaged or cut short")
    path.unlink()
    _only(whole, "frame.tif is missing")


def test_a_revision_that_changed_was_cut_or_is_gone(whole: Study) -> None:
    folder = _first(whole)
    for name, said in (
        ("lesions.tif", "damaged or cut short"),
        ("lesions.png", "damaged or cut short"),
        ("leakage.png", "damaged or cut short"),
        ("revision.json", "no valid JSON"),
    ):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 3])
        _only(whole, said)
        (folder / name).write_bytes(content)
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(folder / "leakage.png")
    _only(whole, "leakage.png shows another label")
    shutil.rmtree(folder)
    _only(whole, "speaks of the revision", "corrects the revision")


def test_a_blinded_reading_is_checked_too(whole: Study) -> None:
    (path,) = (_case(whole, 1) / "readings").rglob("lesions.tif")
    tifffile.imwrite(path, np.zeros((40, 60), np.uint16))
    _only(whole, "its hash changed")
    shutil.rmtree(path.parents[1])
    _only(whole, "speaks of the revision")


def test_links_that_lead_elsewhere(whole: Study) -> None:
    record = _first(whole) / "revision.json"
    content = record.read_bytes()
    _edit(record, case="other")
    _only(whole, "is of the case other")
    record.write_bytes(content)
    _edit(record, frame_sha256="0" * 64)
    _only(whole, "of another frame")
    record.write_bytes(content)
    _edit(record, lesions=[{"id": 3}])
    _only(whole, "names other lesions")
    record.write_bytes(content)
    _edit(_case(whole) / "case.json", shape=[40, 61])
    _only(whole, "another size or type", *["of another size"] * 2)


def test_a_log_that_was_changed_or_thinned_out(whole: Study) -> None:
    log = whole.log
    names = [event.id for event in log.events()]
    path = log.path(names[2])
    content = path.read_bytes()
    _edit(path, grader="somebody else")
    _only(whole, f"{names[2]}.json was changed after it was written")
    path.unlink()
    _only(whole, "which is missing from the log", "event number 3 is missing")
    path.write_bytes(content[:40])
    _only(whole, "no valid JSON", "was changed after it was written")


def test_a_newer_schema_is_named_and_the_rest_is_checked(whole: Study) -> None:
    _edit(_case(whole) / "case.json", schema=3)
    (_case(whole, 1) / "frame.tif").unlink()
    _only(whole, "newer version", "frame.tif is missing")


def test_a_relabelled_case_says_what_the_log_says(whole: Study) -> None:
    case = whole.case_ids()[0]
    relabel(whole, case, {"patient": "P-1", "eye": "left"}, grader="g")
    relabel(whole, case, {"eye": "right"}, grader="h")
    assert list(verify(whole)) == []
    _edit(_case(whole) / "case.json", eye="left")
    _only(whole, "says eye left, but right was logged last")


def test_what_a_killed_program_left_is_not_wrong(whole: Study) -> None:
    (_case(whole) / "revisions" / ".tmp-0009-aaaaaaaa-12345678").mkdir()
    (whole.folder / "cases" / ".tmp-x").mkdir()
    assert list(verify(whole)) == []
