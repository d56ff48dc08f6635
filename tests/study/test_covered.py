from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.study.anchor import anchors
from napari_mae_sam2.study.covered import COMPLETE, hash_of
from napari_mae_sam2.study.files import StudyError, to_json
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.readings import Reading
from napari_mae_sam2.study.records import LesionRecord
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.sealing import seal
from napari_mae_sam2.study.seals import SEAL, sealed
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.frame import Frame


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    """Two cases with a label each, one of them corrected and read once more."""
    for seed in (1, 2):
        study.save_revision(
            make_frame(f"f{seed}", seed),
            labels,
            grader="anna",
            parent=None,
            lesions=[LesionRecord(id=1, kind="disc")],
            statistics={"clicks": 3.0},
        )
    first = study.case_ids()[0]
    (parent,) = study.revision_ids(first)
    study.save_revision(make_frame("f1", 1), labels, grader="ben", parent=parent)
    Reading(study, "0a1b2c3d").save_revision(
        make_frame("f1", 1), labels, grader="carla", parent=None
    )
    relabel(study, first, {"patient": "P-1"})
    return study


def _edit(path: Path, old: str, new: str) -> bytes:
    """Edit a file as with a text editor; gives what it was."""
    before = path.read_bytes()
    after = before.replace(old.encode(), new.encode())
    assert after != before, path
    path.write_bytes(after)
    return before


def _revision(study: Study, number: int = 0) -> Path:
    case = study.case_ids()[number]
    return study.revision_folder(case, study.revision_ids(case)[-1]) / "revision.json"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kind": "disc"', '"kind": "macular"'),
        ('"grader": "anna"', '"grader": "eve"'),
        ('"status": "done"', '"status": "proposed"'),
        ('"clicks": 3.0', '"clicks": 1.0'),
        ('"software"', '"Software"'),
    ],
)
def test_an_edited_revision_is_named_and_is_no_label(
    filled: Study, old: str, new: str
) -> None:
    path = _revision(filled, 1)
    _edit(path, old, new)
    assert [str(path) in one for one in verify(filled)] == [True]
    told: list[str] = []
    found = Study.open(filled.folder).labelled(
        on_unreadable=lambda _case, error: told.append(str(error))
    )
    assert [one.case.id for one in found] == filled.case_ids()[:1]
    assert len(told) == 1
    assert str(path) in told[0]


def test_an_edited_earlier_revision_or_reading_is_named(filled: Study) -> None:
    case = filled.case_ids()[0]
    earlier = filled.revision_folder(case, filled.revision_ids(case)[0])
    reading = next((filled.case_folder(case) / "readings").rglob("revision.json"))
    for path in (earlier / "revision.json", reading):
        before = _edit(path, '"grader": "', '"grader": "x')
        assert [str(path) in one for one in verify(filled)] == [True]
        path.write_bytes(before)
    assert list(verify(filled)) == []


@pytest.mark.parametrize("number", [0, 1])
def test_an_edited_patient_is_named_and_not_trained_on(
    filled: Study, number: int
) -> None:
    path = filled.case_folder(filled.case_ids()[number]) / "case.json"
    _edit(path, '"patient": ', '"patient": "P-9", "was": ')
    assert any(str(path) in one for one in verify(filled))
    with pytest.raises(StudyError, match=r"case\.json was changed after"):
        list(filled.labelled())
    # Correcting something else must not make the edit good.
    with pytest.raises(StudyError, match=r"case\.json was changed after"):
        relabel(filled, filled.case_ids()[number], {"eye": "left"})


def test_the_newest_event_is_covered_too(filled: Study) -> None:
    newest = filled.log.write("status", case=filled.case_ids()[1], grader="anna")
    path = filled.log.path(newest.id)
    before = _edit(path, '"grader": "anna"', '"grader": "eve"')
    assert [str(path) in one for one in verify(filled)] == [True]
    content = json.loads(path.read_bytes())
    del content[SEAL]
    path.write_bytes(to_json(content))
    assert any(str(path) in one for one in verify(filled))
    path.unlink()
    assert any(newest.id in one and "missing" in one for one in verify(filled))
    path.write_bytes(before)
    assert list(verify(filled)) == []
    (filled.log.folder / "newest").unlink()
    assert any("newest is missing" in one for one in verify(filled))


def test_of_two_events_at_once_both_are_covered(filled: Study) -> None:
    """The next event names but one of them as the one before it."""
    first = filled.log.write("claim", case=filled.case_ids()[0], grader="anna")
    content = json.loads(filled.log.path(first.id).read_bytes())
    twin = content | {"id": first.id[:-12] + "0" * 12, "grader": "ben"}
    path = filled.log.path(twin["id"])
    path.write_bytes(to_json(sealed(twin)))
    filled.log.write("release", case=filled.case_ids()[0], grader="anna")
    assert list(verify(filled)) == []
    _edit(path, '"grader": "ben"', '"grader": "eve"')
    assert [str(path) in one for one in verify(filled)] == [True]


def test_a_record_put_there_by_hand_is_named_until_somebody_vouches(
    filled: Study, make_frame: Callable[..., Frame]
) -> None:
    case = filled.case_ids()[1]
    source = filled.revision_folder(case, filled.revision_ids(case)[0])
    forged = source.with_name("0002-aaaaaaaa")
    shutil.copytree(source, forged)
    path = forged / "revision.json"
    content = json.loads(path.read_bytes()) | {"id": forged.name, "parent": source.name}
    del content[SEAL]
    path.write_bytes(to_json(content))
    assert [str(path) in one for one in verify(filled)] == [True]
    told: list[str] = []
    list(filled.labelled(on_unreadable=lambda case, _error: told.append(case)))
    assert told == [case]
    with pytest.raises(StudyError, match="not in the log"):
        seal(filled)
    assert seal(filled, [path], grader="anna") == 1
    assert list(verify(filled)) == []
    assert len(list(Study.open(filled.folder).labelled())) == 2


def test_an_edit_can_be_accepted_by_name_alone(filled: Study) -> None:
    path = _revision(filled, 1)
    _edit(path, '"grader": "anna"', '"grader": "anne"')
    with pytest.raises(StudyError, match="changed after it was written"):
        seal(filled)
    with pytest.raises(StudyError, match="no record of the study"):
        seal(filled, [path.with_name("gone.json")])
    assert seal(filled, [path]) == 1
    assert list(verify(filled)) == []


@pytest.fixture
def older(filled: Study) -> Study:
    """As a version wrote it that kept no hashes in the log."""
    before = None
    for name in [one.id for one in filled.log.events()]:
        path = filled.log.path(name)
        content = json.loads(path.read_bytes())
        for key in (SEAL, "files"):
            content.pop(key)
        if before is not None:
            content["previous"]["sha256"] = hash_of(before)
        before = to_json(content)
        path.write_bytes(before)
    for path in (filled.folder / "cases").rglob("*.json"):
        content = json.loads(path.read_bytes())
        content.pop(SEAL)
        path.write_bytes(to_json(content))
    (filled.log.folder / "newest").unlink()
    path = filled.folder / "study.json"
    content = json.loads(path.read_bytes())
    content.pop(COMPLETE)
    path.write_bytes(to_json(content))
    return Study.open(filled.folder)


def test_an_older_study_verifies_and_says_what_is_not_covered(
    older: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    notes: list[str] = []
    assert list(verify(older, notes=notes)) == []
    assert len(notes) == 1
    assert "says nothing of 6 records" in notes[0]
    assert len(list(older.labelled())) == 2
    new = older.save_revision(make_frame("f3", 3), labels, grader="a", parent=None)
    path = older.revision_folder(new.case, new.id) / "revision.json"
    before = _edit(path, '"grader": "a"', '"grader": "b"')
    assert [str(path) in one for one in verify(older)] == [True]
    path.write_bytes(before)
    assert seal(older, grader="anna") == 6
    notes.clear()
    assert list(verify(older, notes=notes)) == notes == []
    path = _revision(older, 1)
    _edit(path, '"kind": "disc"', '"kind": "macular"')
    assert [str(path) in one for one in verify(older)] == [True]


def _now(study: Study) -> str:
    return next(anchors(study)).sha256


def test_an_anchor_finds_a_study_whose_hashes_were_all_made_anew(
    filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    kept = _now(filled)
    assert _now(Study.open(filled.folder)) == kept
    filled.save_revision(make_frame("f9", 9), labels, grader="a", parent=None)
    assert kept != _now(filled)
    assert kept in {one.sha256 for one in anchors(filled)}  # grown, and no more
    newest = list(filled.log.events())[-1]
    path = filled.log.path(newest.id)
    content = json.loads(path.read_bytes()) | {"grader": "eve"}
    kept = _now(filled)
    path.write_bytes(to_json(sealed(content)))
    note = filled.log.folder / "newest"
    said = json.loads(note.read_bytes()) | {"sha256": hash_of(path.read_bytes())}
    note.write_bytes(to_json(said))
    assert list(verify(filled)) == []  # nothing within the study shows it
    assert kept not in {one.sha256 for one in anchors(filled)}


def test_an_anchor_of_an_older_study_holds_its_records_and_outlives_sealing(
    older: Study,
) -> None:
    kept = _now(older)
    path = _revision(older, 1)
    before = _edit(path, '"kind": "disc"', '"kind": "macular"')
    assert list(verify(older)) == []
    assert _now(older) != kept
    path.write_bytes(before)
    assert _now(older) == kept
    seal(older)
    assert kept in {one.sha256 for one in anchors(older)}
    assert _now(older) != kept
    path = older.folder / "study.json"
    _edit(path, '"perivascular"', '"vascular"')
    assert kept not in {one.sha256 for one in anchors(older)}


def test_an_anchor_of_an_older_study_outlives_correcting_a_case(older: Study) -> None:
    kept, case = _now(older), older.case_ids()[1]
    relabel(Study.open(older.folder), case, {"patient": "P-9"})
    relabel(Study.open(older.folder), case, {"patient": "P-8"})
    assert list(verify(older)) == []
    assert kept in {one.sha256 for one in anchors(older)}
    _edit(_revision(older, 1), '"kind": "disc"', '"kind": "macular"')
    assert kept not in {one.sha256 for one in anchors(older)}


def test_a_study_that_was_made_with_hashes_cannot_be_told_to_be_an_older_one(
    filled: Study,
) -> None:
    path = filled.folder / "study.json"
    content = json.loads(path.read_bytes())
    content.pop(COMPLETE)
    path.write_bytes(to_json(content | {"schema": 1}))
    record = _revision(filled, 1)
    (event,) = (
        one for one in filled.log.events() if record.as_posix().endswith(
            next(iter(one.files), "-")
        )
    )  # fmt: skip
    filled.log.path(event.id).unlink()
    said = json.loads(record.read_bytes())
    del said[SEAL]
    record.write_bytes(to_json(said))
    assert any(str(record) in one for one in verify(filled))
    told: list[str] = []
    study = Study.open(filled.folder)
    list(study.labelled(on_unreadable=lambda case, _error: told.append(case)))
    assert told == [filled.case_ids()[1]]


def test_what_is_saved_while_a_study_is_checked_is_nothing_wrong(
    filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    cases = filled.case_ids()

    def meanwhile(done: int, _of: int) -> None:
        if done == 1:
            relabel(Study.open(filled.folder), cases[0], {"eye": "left"})
            filled.save_revision(make_frame("f7", 7), labels, grader="a", parent=None)

    assert list(verify(filled, meanwhile)) == []
    assert list(verify(filled)) == []
