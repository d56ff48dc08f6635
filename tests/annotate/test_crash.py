"""A program that is killed loses at most what happened in its last second."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from grey import Inbox, make_frame
from PIL import Image
from restless import is_settled, open_desk, standing

RESTLESS = Path(__file__).resolve().parents[1] / "support" / "restless.py"
SECONDS_LOST = 1.0


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "frames"
    made.mkdir()
    for index in range(3):
        Image.fromarray(make_frame(seed=index).pixels).save(made / f"eye {index}.png")
    return made


def work_and_kill(folder, state, seed, seconds):
    """Let a process work, kill it, and return what it was at, with the times."""
    said = []
    process = subprocess.Popen(
        [sys.executable, str(RESTLESS), str(folder), str(state), str(seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    begun = threading.Event()

    def listen():
        for line in process.stdout:
            said.append((time.monotonic(), line))
            begun.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert begun.wait(60)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    process.wait(20)
    listener.join(20)
    process.stdout.close()
    whole = [(when, line) for when, line in said if line.endswith(b"\n")]
    return killed, [(when, json.loads(line)) for when, line in whole]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killed_again_and_again_nothing_older_than_a_second_is_lost(folder, tmp_path):
    state, dice = tmp_path / "state", random.Random(3)
    before, done = None, set()
    for turn in range(int(os.environ.get("MAE_SAM2_KILLS", "4"))):
        killed, said = work_and_kill(folder, state, turn, dice.uniform(0.05, 1.2))
        if before is not None:
            assert said[0][1] == before  # the next start went on where this one was
        inbox = Inbox()
        desk = open_desk(folder, state, inbox)
        assert desk.bring_back()
        inbox.run_until(lambda desk=desk: desk.session is not None)
        inbox.run_until(lambda desk=desk: is_settled(desk))
        assert desk.session.frame.name == "eye 1"
        before = standing(desk.session)
        done |= {name for _, one in said for name in one[3]}
        recent = [one for when, one in said if when > killed - SECONDS_LOST]
        # A last step, or move of the cut-off, may be on disk that there was no time to
        # tell of.
        untold = before not in [one for _, one in said]
        next_step = abs(len(before[3]) - len(said[-1][1][3])) <= 1
        assert before in recent or (untold and next_step)
        # The desk is left as a crash leaves it: nothing is saved or tidied up.
        desk.annotator.close()
        desk._opener.close()
        desk._keeping._let_go(desk._case)
        desk._journals.close()
        desk._whereabouts._lock.release()
    assert len(before[3]) > 10
    assert {"all leakage", "leakage click"} <= done
    inbox = Inbox()
    desk = open_desk(folder, state, inbox)
    desk.bring_back()
    inbox.run_until(lambda: desk.session is not None)
    while desk.session.undo():
        pass
    assert not desk.session.labels.any()
    assert desk.session.draft.is_empty
    desk.close()
