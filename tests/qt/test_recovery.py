"""After a crash the window goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RESTLESS = Path(__file__).resolve().parents[1] / "support" / "restless.py"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_the_window_shows_what_the_killed_one_showed(grader, folder, tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(RESTLESS), str(folder), str(tmp_path / "state"), "5"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    for _ in range(40):
        process.stdout.readline()
    time.sleep(0.3)
    process.kill()
    process.stdout.close()
    process.wait(20)

    told = []
    grader.widget.desk.told.connect(told.append)
    assert grader.widget.desk.bring_back()
    grader.wait_until_ready()
    session, layers = grader.session, grader.widget.layers
    assert session.frame.name == "eye 1"
    assert "as you left it" in told[0]
    assert layers.leakage.data is session.labels
    assert len(layers.prompts.data) == len(session.draft.clicks)
    assert len(session.history) > 5
    while len(session.history):
        grader.press("Z")
    assert not layers.leakage.data.any()
    assert len(layers.prompts.data) == 0
