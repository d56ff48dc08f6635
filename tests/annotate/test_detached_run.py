from __future__ import annotations

import json
import queue
import sys
import time
from pathlib import Path

import psutil
import pytest

from napari_mae_sam2.annotate import detached_run
from napari_mae_sam2.annotate.detached_run import DetachedRun
from napari_mae_sam2.study.files import StudyError

SAY = "print(json.dumps({'event': 'step', 'step': %d}), flush=True)\n"
END = "print(json.dumps({'event': 'end', 'status': '%s'}), flush=True)\n"


class Watcher:
    """Hears a run as a window does."""

    def __init__(self):
        self.heard = []
        self.ended = queue.Queue()
        self.about = (self.heard.extend, self.ended.put)

    def wait_for(self, count):
        deadline = time.monotonic() + 20
        while len(self.heard) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def watcher():
    return Watcher()


@pytest.fixture
def start(stand_in, tmp_path, watcher):
    """Starts a stand-in and ends it after the test."""
    runs = []

    def run(script):
        stand_in(script)
        runs.append(DetachedRun.start(tmp_path / "run", ("module",), *watcher.about))
        return runs[-1]

    yield run
    for made in runs:
        made._kill()
        made.close()


def test_a_run_goes_on_unwatched_and_is_found_again(start, tmp_path, watcher):
    first = start(SAY % 1 + "time.sleep(0.6)\n" + SAY % 2 + END % "done")
    watcher.wait_for(1)
    first.close()
    assert first.is_running
    again = Watcher()
    found = DetachedRun.find(tmp_path / "run", *again.about)
    assert again.ended.get(timeout=20).code == 0
    # all that was said, also while somebody else watched
    assert [one.number("step") for one in again.heard] == [1, 2, None]
    assert len(watcher.heard) == 1
    assert not found.is_running
    found.close()


@pytest.mark.skipif(sys.platform == "win32", reason="has no nice values")
def test_a_run_takes_what_the_window_leaves(start, tmp_path, watcher):
    run = start(SAY % 1 + "time.sleep(30)")
    watcher.wait_for(1)
    assert run._process.nice() == 10
    grouped = Path(f"/proc/{run._process.pid}/autogroup")
    if grouped.exists():  # Linux shares out by sessions, and the run has its own
        assert grouped.read_text().split()[-1] == "10"


def test_a_run_that_ended_while_nobody_looked_still_tells(start, tmp_path, watcher):
    start(SAY % 1 + "print('no room', file=sys.stderr); sys.exit(3)")
    watcher.ended.get(timeout=20)
    later = Watcher()
    found = DetachedRun.find(tmp_path / "run", *later.about)
    end = later.ended.get(timeout=20)
    assert (end.code, end.cancelled, end.why) == (1, False, "no room")
    assert not found.was_seen
    found.mark_seen(end)
    # once more, as by a window that is opened again: the same story, but no news
    again = Watcher()
    found = DetachedRun.find(tmp_path / "run", *again.about)
    assert again.ended.get(timeout=20) == end
    assert found.was_seen
    assert [one.number("step") for one in again.heard] == [1]


def test_a_found_run_can_be_cancelled(start, tmp_path, watcher):
    start(SAY % 1 + "time.sleep(600)").close()
    later = Watcher()
    found = DetachedRun.find(tmp_path / "run", *later.about)
    later.wait_for(1)
    found.cancel()
    end = later.ended.get(timeout=20)
    assert end.cancelled
    found.close()
    found.mark_seen(end)
    again = Watcher()
    DetachedRun.find(tmp_path / "run", *again.about)
    assert again.ended.get(timeout=20).cancelled  # which no file of the run says


def test_a_run_is_found_again_after_the_clock_has_jumped(start, tmp_path, watcher):
    start(SAY % 1 + "time.sleep(600)").close()
    record = tmp_path / "run" / detached_run.RECORD
    said = json.loads(record.read_text())
    record.write_text(json.dumps(said | {"created": said["created"] - 3600}))
    found = DetachedRun.find(tmp_path / "run", *Watcher().about)
    assert found.is_running
    found.close()


def test_the_end_of_a_run_is_not_noted_of_the_next_one(start, tmp_path, watcher):
    first = start(SAY % 1)
    end = watcher.ended.get(timeout=20)
    start(SAY % 2 + "time.sleep(600)").close()  # by another window
    first.mark_seen(end)
    found = DetachedRun.find(tmp_path / "run", *Watcher().about)
    assert found.is_running
    assert not found.was_seen
    found.close()


def test_a_run_that_could_not_be_found_again_is_not_begun(
    stand_in, tmp_path, watcher, monkeypatch
):
    stand_in("time.sleep(600)")
    begun = []
    popen = detached_run.subprocess.Popen

    def begin(*words, **more):
        begun.append(popen(*words, **more))
        return begun[-1]

    def full(path, _content):
        raise StudyError(f"{path} was not saved, the disk is full.")

    monkeypatch.setattr(detached_run.subprocess, "Popen", begin)
    monkeypatch.setattr(detached_run, "write_file", full)
    with pytest.raises(StudyError, match="the disk is full"):
        DetachedRun.start(tmp_path / "run", ("module",), *watcher.about)
    assert begun[0].wait(20) != 0


def test_a_process_of_the_same_number_is_not_taken_for_it(start, tmp_path, watcher):
    run = start(SAY % 1)
    watcher.ended.get(timeout=20)
    own = psutil.Process()
    record = tmp_path / "run" / detached_run.RECORD
    record.write_text(f'{{"pid": {own.pid}, "created": {own.create_time() - 60}}}')
    later = Watcher()
    found = DetachedRun.find(tmp_path / "run", *later.about)
    assert "ended by something else" in later.ended.get(timeout=20).why
    found.cancel()  # and would be deadly
    found.close()
    assert run is not found
