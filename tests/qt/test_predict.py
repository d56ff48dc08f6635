"""Predicting all open frames from the window."""

from __future__ import annotations

import json
import stat
import sys

import numpy as np
import pytest
from predicted import write_answer

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.gallery_part import GalleryPart
from napari_mae_sam2._qt.palette import push
from napari_mae_sam2._qt.predict_part import TITLE, PredictPart
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.study.records import ModelRecord

PYTHON = sys.executable


@pytest.fixture
def part(grader):
    (part,) = (one for one in grader.widget.parts if isinstance(one, PredictPart))
    return part


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Stands in for the command: tells what it was asked, then what it is to say."""
    program = tmp_path / "python"

    def says(*events, then=""):
        lines = [
            f"print({json.dumps(json.dumps(event))}, flush=True)\n" for event in events
        ]
        told = "open(sys.argv[0] + '.txt', 'w').write(json.dumps(sys.argv[1:]))\n"
        head = f"#!{PYTHON}\nimport json, sys, time\n"
        program.write_text(head + told + "".join(lines) + then)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(program))

    says.asked = lambda: json.loads((tmp_path / "python.txt").read_text())
    return says


STEP = {"event": "predict", "done": 1, "total": 3, "eta_s": 20}
END = {"event": "end", "status": "done", "made": 2, "found": 0, "left_out": ["b: no."]}


def test_the_case_in_hand_gets_its_proposal_at_the_end(at_work, part, command, folder):
    study = at_work.widget.desk.folder
    results = Results.create(
        results_folder(study, "abc"), ModelRecord(name="a", fingerprint="abc")
    )
    frame = at_work.session.frame
    write_answer(results, frame, np.uint16(frame.pixels > 150))
    at_work.widget.tabs.show_tab(Tab.MODEL, TITLE)
    command(STEP, END, then="sys.exit(1)")
    part.panel.start.click()
    assert not part.panel.start.isEnabled()
    at_work.wait(lambda: part.panel.start.isEnabled(), "the end of the run")
    assert command.asked()[-4:] == ["--propose", str(study), "--", str(folder)]
    assert "2 frames predicted, 1 left out" in part.panel.words.text()
    assert "2 frames predicted" in at_work.widget.messages.text
    at_work.wait(lambda: at_work.session.is_reviewing, "the proposal")
    at_work.widget.tabs.show_tab(Tab.GRADE)
    at_work.press("A")
    assert at_work.session.labels[10, 12] == 1


def test_it_shows_how_far_it_is_and_can_be_stopped(at_work, part, command):
    command(STEP, then="time.sleep(600)")
    push("predict all frames")
    at_work.wait(lambda: part.panel.bar.value() == 1, "the first frame")
    assert part.panel.bar.text() == "1 of 3"
    assert part.panel.words.text() == "Predicting, about 20 s left"
    push("cancel predicting")
    at_work.wait(lambda: part.panel.start.isEnabled(), "the end of the run")
    assert part.panel.words.text().startswith("Stopped: ")


def test_the_gallery_fills_while_the_run_is_under_way(at_work, part, command):
    (gallery,) = (p for p in at_work.widget.parts if isinstance(p, GalleryPart))
    gallery.open()
    shown = gallery.widget()
    assert shown.predict.isVisible()
    command(STEP, then="time.sleep(600)")
    shown.predict.click()
    at_work.wait(lambda: part.predicting.is_running, "the run")
    assert "as soon as it is done" in shown.empty.text()
    results = Results.create(
        results_folder(at_work.widget.desk.folder, "abc"),
        ModelRecord(name="a", fingerprint="abc"),
    )
    frame = at_work.session.frame
    write_answer(results, frame, np.uint16(frame.pixels > 150))
    at_work.wait(lambda: gallery.desk.gallery.total == 1, "the first frame")
    assert shown.words.text() == "1 of 1 · 0 judged · more to come"
    part.predicting.cancel()
    at_work.wait(lambda: not part.predicting.is_running, "the end")
    assert shown.words.text() == "1 of 1 · 0 judged"


def test_without_frames_it_says_what_to_do(grader, part):
    part.panel.start.click()
    assert "Open the frames" in grader.widget.messages.text
    assert part.panel.start.isEnabled()
