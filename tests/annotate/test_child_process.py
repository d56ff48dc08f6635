from __future__ import annotations

import queue

import pytest

from napari_mae_sam2.annotate import child_process
from napari_mae_sam2.annotate.child_process import ChildProcess


@pytest.fixture
def start(stand_in):
    """Starts a stand-in for a module of Python, which does as it is told."""
    runs = []

    def run(script):
        stand_in(script)
        heard, ended = [], queue.Queue()
        made = ChildProcess(("module", "word"), heard.append, ended.put)
        runs.append(made)
        return made, heard, ended

    yield run
    for made in runs:
        made.close()


def test_progress_is_heard_and_the_rest_passed_over(start):
    _, heard, ended = start(
        "print('not JSON')\n"
        "print(json.dumps({'event': 'step', 'loss': 0.5, 'argv': sys.argv[1:]}))"
    )
    end = ended.get(timeout=20)
    assert (end.code, end.cancelled) == (0, False)
    (one,) = heard
    assert (one.event, one.number("loss"), one.number("argv")) == ("step", 0.5, None)
    assert one.values["argv"] == ["-m", "module", "word"]


def test_a_crash_tells_its_last_words(start):
    _, _, ended = start("print('out of memory', file=sys.stderr); sys.exit(137)")
    end = ended.get(timeout=20)
    assert (end.code, end.why) == (137, "out of memory")


def test_its_own_sentence_is_better_than_its_last_words(start):
    _, _, ended = start(
        "print(json.dumps({'event': 'error', 'message': 'No label.'}))\n"
        "print('Traceback', file=sys.stderr); sys.exit(2)"
    )
    assert ended.get(timeout=20).why == "No label."


def test_a_process_that_does_not_listen_is_ended_by_force(start, monkeypatch):
    monkeypatch.setattr(child_process, "SECONDS_TO_STOP", 0.3)
    run, heard, ended = start(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(json.dumps({'event': 'start'}), flush=True)\n"
        "time.sleep(600)"
    )
    while not heard:
        assert run.is_running
    run.cancel()
    assert ended.get(timeout=20).cancelled
    assert not run.is_running
