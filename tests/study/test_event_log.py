from __future__ import annotations

import errno
import itertools
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from napari_mae_sam2.study import event_log, files
from napari_mae_sam2.study.event_log import EventLog
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study


@pytest.fixture(autouse=True)
def _study(tmp_path: Path) -> None:
    (tmp_path / "study.json").touch()


def test_events_come_back_in_order_and_name_the_one_before(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    written = [
        log.write("claim", grader=" Änne B ", case=f"c-{i}", details={"minutes": i})
        for i in range(3)
    ]
    assert list(log.events()) == written
    assert [event.number for event in written] == [1, 2, 3]
    assert written[0].previous is None
    for before, after in itertools.pairwise(written):
        assert after.previous is not None
        assert after.previous.id == before.id
        assert after.previous.sha256 == log.digest(before.id)
    assert "-anne-b-" in written[0].id
    assert written[0].grader == "Änne B"


def test_others_can_read_it_with_json_alone(tmp_path: Path) -> None:
    EventLog(tmp_path).write("assign", grader="a", case="c-1", details={"to": "b"})
    (path,) = (tmp_path / "log" / "00000").iterdir()
    content = json.loads(path.read_text("utf-8"))
    assert content["id"] == path.stem
    assert (content["event"], content["grader"], content["case"]) == (
        "assign", "a", "c-1",
    )  # fmt: skip
    assert content["details"] == {"to": "b"}
    assert content["previous"] is None


class _Clock(event_log.datetime):  # type: ignore[misc, valid-type]
    year_ = 2026

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return event_log.datetime(cls.year_, 5, 5, tzinfo=tz)


def test_a_clock_that_jumps_does_not_turn_events_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path)
    for number, year in enumerate((2026, 2099, 1970, 2026), start=1):
        monkeypatch.setattr(_Clock, "year_", year)
        with monkeypatch.context() as patch:
            patch.setattr(event_log, "datetime", _Clock)
            assert log.write("claim", grader="a").number == number
    found = list(log.events())
    assert [event.time[:4] for event in found] == ["2026", "2099", "1970", "2026"]
    assert found == sorted(found, key=lambda event: event.order)


def test_folders_are_filled_up_to_a_thousand_numbers(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    first = log.write("x")
    path = log.path(first.id)
    for number in (999, 1000):
        name = f"{number:08d}{first.id[8:]}"
        log.path(name).parent.mkdir(exist_ok=True)
        log.path(name).write_bytes(path.read_bytes())
    assert [folder.name for folder in log.folders()] == ["00000", "00001"]
    assert log.write("y").number == 1001


def test_what_is_no_event_is_passed_over(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    event = log.write("x")
    folder = log.path(event.id).parent
    (folder / ".tmp-12345678-0").write_text("{", "utf-8")
    (folder / "notes.json").write_text("{}", "utf-8")
    (log.folder / "Thumbs.db").touch()
    assert list(log.events()) == [event]
    with pytest.raises(StudyError, match="is not the id of an event"):
        log.read("../../study")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "full"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "drive is gone"),
    ],
)
def test_a_disk_that_is_full_or_gone_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    log = EventLog(tmp_path)
    event = log.write("x")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", fail)
        with pytest.raises(StudyError, match=said):
            log.write("y")
    assert list(log.events()) == [event]
    assert [path.name for path in log.path(event.id).parent.iterdir()] == [
        f"{event.id}.json"
    ]


_WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from napari_mae_sam2.study import event_log
class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        wrong = timedelta(days=int(sys.argv[3]) * 400)
        return datetime.now(tz) + wrong
event_log.datetime = Clock
log = event_log.EventLog(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    log.write("claim", grader=sys.argv[2], case=f"c-{number}")
"""


def test_several_programs_at_once_lose_nothing_whatever_their_clocks(
    tmp_path: Path,
) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), grader, wrong],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for grader, wrong in (("a", "0"), ("b", "10"), ("c", "-10"))
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in programs:
        program.communicate(timeout=120)
        assert program.returncode == 0
    log = EventLog(tmp_path)
    events = list(log.events())
    for grader in "abc":
        mine = [event for event in events if event.grader == grader]
        assert [event.case for event in mine] == [f"c-{i}" for i in range(40)]
    for event in events:
        if event.previous is not None:
            assert log.digest(event.previous.id) == event.previous.sha256
    assert not list(tmp_path.rglob(".tmp-*"))


def test_a_study_logs_what_is_added_and_saved(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    case = study.add_frame(make_frame("a", 1), grader="anna")
    study.add_frame(make_frame("a", 1), grader="ben")  # there already
    first = study.save_revision(make_frame("a", 1), labels, grader="ben", parent=None)
    second = study.save_revision(
        make_frame("a", 1), labels, grader="carla", parent=None, merges=[first.id]
    )
    created, added, saved, merged = study.log.events()
    assert (created.event, added.event, saved.event) == ("created", "added", "saved")
    assert (added.grader, added.details) == ("anna", {"cases": [case.id]})
    assert (saved.grader, saved.case) == ("ben", case.id)
    assert saved.details["revision"] == first.id
    assert merged.details["merges"] == [first.id] == second.merges


def test_a_label_is_saved_also_where_the_log_cannot_be_written(
    study: Study, frame: Frame, labels: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    (study.folder / "log").rename(study.folder / "log-of-before")
    (study.folder / "log").touch()
    saved = study.save_revision(frame, labels, grader="a", parent=None)
    assert study.latest_revision(saved.case) == saved
    assert "saved was done but not logged" in caplog.text
