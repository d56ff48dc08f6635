from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.index_tables import natural_text
from napari_mae_sam2.study.relabel import relabel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.frame import Frame

NOW = time.time()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame]) -> Study:
    for seed, (name, patient) in enumerate(
        [("f10", "P-1"), ("f2", "P-2"), ("f1", "P-1"), ("g 3", None)]
    ):
        study.add_frame(make_frame(name, seed), patient=patient, phase="late")
    return study


@pytest.fixture
def index(filled: Study, place: Path) -> Iterator[Index]:
    index = Index.open(filled, place)
    index.refresh()
    yield index
    index.close()


def _names(index: Index, wanted: Filter = Filter(), **how: object) -> list[str]:  # noqa: B008
    now = time.time()
    return [item.name for item in index.items(wanted, now=now, **how)]  # type: ignore[arg-type]


def test_it_lists_filters_sorts_and_counts(
    index: Index, filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    assert _names(index) == ["f1", "f2", "f10", "g 3"]
    assert _names(index, descending=True, limit=2) == ["g 3", "f10"]
    assert _names(index, limit=2, offset=1) == ["f2", "f10"]
    assert _names(index, Filter(patient="P-1")) == ["f1", "f10"]
    assert _names(index, Filter(patient="")) == ["g 3"]
    assert _names(index, Filter(text="p-2")) == ["f2"]
    assert _names(index, order="patient") == ["g 3", "f1", "f10", "f2"]
    filled.save_revision(
        make_frame("f2", 1), labels, grader="anna", parent=None,
        statistics={"seconds": 40.0},
    )  # fmt: skip
    assert _names(index, Filter(statuses=("done",))) == []
    index.refresh()
    assert _names(index, Filter(statuses=("done",), phase="late")) == ["f2"]
    assert _names(index, Filter(grader="anna")) == ["f2"]
    assert index.counts(now=time.time()) == {
        "new": 3, "proposed": 0, "in_work": 0, "done": 1, "needs_review": 0,
        "cannot_grade": 0,
    }  # fmt: skip
    (item,) = index.items(Filter(statuses=("done",)), now=time.time())
    assert (item.grader, item.seconds, len(item.heads)) == ("anna", 40.0, 1)
    assert index.answered_last("anna", 5) == [(item.answered, 40.0)]


def test_next_and_previous_go_by_the_filter(index: Index) -> None:
    wanted = Filter(patient="P-1")
    now = time.time()
    first = index.neighbour(None, 1, wanted, now=now)
    assert first is not None
    assert first.name == "f1"
    then = index.neighbour(first, 1, wanted, now=now)
    assert then is not None
    assert then.name == "f10"
    assert index.neighbour(then, 1, wanted, now=now) is None
    assert index.neighbour(then, -1, wanted, now=now) == first
    assert index.neighbour(None, -1, wanted, now=now) == then
    between = index.neighbour(first, 1, now=now)
    assert between is not None
    assert between.name == "f2"


def test_a_case_in_work_shows_it_while_the_claim_lasts(
    index: Index, filled: Study
) -> None:
    case = filled.case_ids()[0]
    filled.log.write("claim", grader="anna", case=case, details={"minutes": 30})
    index.refresh()
    now = time.time()
    item = index.item(case, now=now)
    assert item is not None
    assert (item.status, item.claimed_by) == ("in_work", "anna")
    assert index.items(Filter(statuses=("in_work",)), now=now) == [item]
    assert len(index.items(Filter(statuses=("new",)), now=now)) == 3
    assert len(index.items(Filter(free_for="ben"), now=now)) == 3
    assert len(index.items(Filter(free_for="anna"), now=now)) == 4
    later = index.item(case, now=now + 31 * 60)
    assert later is not None
    assert (later.status, later.claimed_by) == ("new", "")


def test_a_claim_from_the_future_ends_like_any_other(
    filled: Study, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = filled.case_ids()[0]
    event = filled.log.write("claim", grader="anna", case=case, details={"minutes": 30})
    path = filled.log.path(event.id)
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | {"time": "2099-01-01T00:00:00+00:00"}))
    index = Index.open(filled, place)
    index.refresh()
    for minutes, holder in ((0, "anna"), (31, "")):
        item = index.item(case, now=time.time() + minutes * 60)
        assert item is not None
        assert item.claimed_by == holder
    index.close()


def test_made_anew_it_says_the_same(
    index: Index, filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray,
    place: Path,
) -> None:  # fmt: skip
    first = filled.save_revision(make_frame("f2", 1), labels, grader="a", parent=None)
    index.refresh()
    filled.save_revision(make_frame("f2", 1), labels, grader="b", parent=None)
    filled.log.write("assign", grader="a", case=first.case, details={"to": "b"})
    relabel(filled, first.case, {"patient": "P-9", "eye": "left"})
    index.refresh()
    before = index.items(now=NOW)
    index.close()
    again = Index.open(filled, place, anew=True)
    assert again.items(now=NOW) == []
    again.refresh()
    assert [(i.name, i.patient, i.status, i.assigned, i.heads) for i in before] == [
        (i.name, i.patient, i.status, i.assigned, i.heads) for i in again.items(now=NOW)
    ]
    assert _names(again, Filter(conflict=True, patient="P-9")) == ["f2"]
    again.close()


def test_what_earlier_versions_saved_is_found(
    filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray, place: Path
) -> None:
    filled.save_revision(make_frame("f2", 1), labels, grader="old", parent=None)
    for path in (filled.folder / "log").rglob("*.json"):
        path.unlink()
    index = Index.open(filled, place)
    index.refresh()
    assert _names(index, Filter(statuses=("done",), grader="old")) == ["f2"]
    index.close()


def test_a_revision_that_is_logged_late_counts_once(
    index: Index, filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray,
    place: Path, tmp_path: Path,
) -> None:  # fmt: skip
    saved = filled.save_revision(
        make_frame("f2", 1), labels, grader="a", parent=None,
        statistics={"seconds": 5.0},
    )  # fmt: skip
    path = next(
        filled.log.path(event.id)
        for event in filled.log.events()
        if event.event == "saved"
    )
    away = path.rename(tmp_path / path.name)
    other = Index.open(filled, place, anew=True)
    other.refresh()
    away.rename(path)
    other.refresh()
    item = other.item(saved.case, now=NOW)
    assert item is not None
    assert (item.seconds, item.heads) == (5.0, (saved.id,))
    other.close()


def test_a_second_refresh_reads_nothing_twice(
    index: Index, filled: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*args: object) -> None:
        raise AssertionError("read once more")

    monkeypatch.setattr(Study, "case", read)
    monkeypatch.setattr(type(filled.log), "read", read)
    index.refresh()


def test_a_refresh_that_is_stopped_leaves_the_index_as_it_was(
    filled: Study, place: Path
) -> None:
    index = Index.open(filled, place)
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(StudyError, match="not finished"):
        index.refresh(stopped)
    assert index.items(now=NOW) == []
    index.refresh()
    assert len(index.items(now=NOW)) == 4
    index.close()


def test_a_damaged_record_is_named_and_does_not_block(
    filled: Study, place: Path
) -> None:
    event = filled.log.write("claim", grader="a", case=filled.case_ids()[0])
    whole = filled.log.path(event.id).read_bytes()
    filled.log.path(event.id).write_bytes(whole[:50])
    record = filled.case_folder(filled.case_ids()[1]) / "case.json"
    record.write_text("{", "utf-8")
    index = Index.open(filled, place)
    index.refresh()
    assert len(index.troubles) == 2
    assert all("no valid JSON" in sentence for sentence in index.troubles)
    assert len(index.items(now=NOW)) == 3
    filled.log.path(event.id).write_bytes(whole)
    index.refresh()
    item = index.item(filled.case_ids()[0], now=time.time())
    assert item is not None
    assert item.claimed_by == "a"
    index.close()


@pytest.mark.parametrize("content", [b"no database at all" * 90, b""])
def test_a_damaged_or_other_index_is_made_anew(
    filled: Study, place: Path, content: bytes
) -> None:
    index = Index.open(filled, place)
    index.refresh()
    index.close()
    (file,) = place.glob("*.sqlite")
    file.write_bytes(content)
    index = Index.open(filled, place)
    index.refresh()
    assert len(index.items(now=NOW)) == 4
    index.close()
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()
    index = Index.open(filled, place)
    index.refresh()
    assert len(index.items(now=NOW)) == 4
    index.close()


def test_without_a_place_it_is_kept_in_memory(filled: Study, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (None, tmp_path / "file" / "cache"):
        index = Index.open(filled, place)
        index.refresh()
        assert len(index.items(now=NOW)) == 4
        index.close()


def test_names_come_in_the_order_in_which_people_count() -> None:
    names = ["frame 10", "Frame 2", "frame 002b", "a", "frame"]
    assert sorted(names, key=natural_text) == [
        "a", "frame", "Frame 2", "frame 002b", "frame 10",
    ]  # fmt: skip
