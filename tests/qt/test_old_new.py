"""Old against new on the test cases of a round."""

from __future__ import annotations

import json

import numpy as np
import pytest
from grey import make_frame
from qtpy.QtWidgets import QWidget

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.history_panel import HistoryPanel
from napari_mae_sam2._qt.old_new_window import OldNewWindow
from napari_mae_sam2.annotate.blinding import HIDDEN, Blinding
from napari_mae_sam2.annotate.old_new import LABEL, NEW, OLD, look_at, outlines
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.rereading import Planned, plan
from napari_mae_sam2.study.round_answers import answers_file, encode_answers
from napari_mae_sam2.study.round_results import StudyRounds, read_result


@pytest.fixture
def tested(tmp_path):
    """A study whose first round was tested on two cases, one of them without leaks."""
    study = Study.create(tmp_path / "study")
    result = study.folder / "rounds" / "0001" / "result"
    result.mkdir(parents=True)
    members, cases = [], []
    for seed in range(2):
        frame = make_frame(f"eye {seed}", seed=seed)
        labels = np.zeros(frame.shape, np.uint16)
        labels[5:10, 5:15] = 1 - seed
        revision = study.save_revision(frame, labels, grader="anna", parent=None)
        old, new = labels > 0, np.roll(labels, 4, 0) > 0
        name = answers_file(revision.case)
        (result / name).write_bytes(encode_answers(old, new))
        members.append({"case": revision.case, "revision": revision.id})
        said = {"old": 0.02, "new": 0.3, "change": -0.28, "leaks": not seed}
        cases.append({"case": revision.case, **said})
    (result.parent / "round.json").write_text(json.dumps({"members": members}))
    (result / "result.json").write_text(json.dumps({"cases": cases}))
    return study.folder, read_result(study.folder, 1)


def test_a_case_is_read_with_the_label_that_was_measured(tested):
    folder, result = tested
    case = result.cases[0].case
    study = Study(folder)
    study.save_revision(  # a correction since then
        study.load_frame(case),
        np.zeros(study.load_frame(case).shape, np.uint16),
        grader="ben",
        parent=study.revision_ids(case)[-1],
    )
    seen = look_at(folder, result, case)
    (label,) = seen.lines[LABEL]
    assert label.min(0) == pytest.approx([4.5, 4.5])  # edges of pixels
    assert label.max(0) == pytest.approx([9.5, 14.5])
    (new,) = seen.lines[NEW]
    assert new.min(0)[0] == pytest.approx(8.5)
    result.answers(case).unlink()
    with pytest.raises(StudyError, match="cannot be read"):
        look_at(folder, result, case)


def test_a_hole_has_a_line_of_its_own():
    ring = np.ones((9, 9), bool)
    ring[3:6, 3:6] = False
    assert len(outlines(ring)) == 2
    assert outlines(np.zeros((4, 4), bool)) == []


def test_the_worst_case_is_seen_first_and_others_by_choice(qtbot, tested):
    folder, result = tested
    gui, dock = GuiThread(), QWidget()
    qtbot.addWidget(dock)
    window = OldNewWindow(gui.post, dock)
    window.show_result(folder, result, lambda: False)
    window.show()
    qtbot.waitUntil(lambda: window.words.text() == "eye-0")
    row = [window.table.item(0, column).text() for column in range(4)]
    assert row == ["eye-0", "0.02", "0.30", "−0.28"]
    assert window.picture.lines[OLD].isVisible()
    window.boxes[OLD].setChecked(False)
    assert not window.picture.lines[OLD].isVisible()
    assert window.picture.lines[NEW].isVisible()
    window.table.setCurrentCell(1, 0)
    qtbot.waitUntil(lambda: window.words.text() == "eye-1")
    assert window.table.item(1, 1).text() == "2.0%"
    assert not window.picture.lines[OLD].isVisible()
    window.close_down()
    gui.close()


def test_who_has_blinded_readings_to_answer_sees_no_label(qtbot, tested, tmp_path):
    folder, result = tested
    case = result.cases[0].case
    planned = Planned(
        case, Study(folder).revision_ids(case)[-1], "repeat", "anna", case
    )
    plan(Study(folder), [planned])
    gui, dock = GuiThread(), QWidget()
    qtbot.addWidget(dock)
    blinding, told = Blinding(gui.post, tmp_path / "indexes"), []
    blinding.ask(folder, "anna", told.append)
    qtbot.waitUntil(lambda: told == [True])
    blinding.ask(folder, "ben", told.append)
    qtbot.waitUntil(lambda: told == [True, False])
    window = OldNewWindow(gui.post, dock)
    window.show_result(folder, result, lambda: blinding.holds(folder, "anna"))
    window.show()
    qtbot.waitUntil(lambda: window.words.text() == HIDDEN)
    assert window.picture.lines[LABEL].path().isEmpty()
    assert not window.picture.lines[NEW].path().isEmpty()
    assert not window.boxes[LABEL].isEnabled()
    window.close_down()
    blinding.close()
    gui.close()


def test_the_history_is_plotted_round_by_round(qtbot):
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.show_rounds(None)
    assert "after the first round" in panel.words.text()
    dice = {"value": 0.5, "low": 0.4, "high": 0.6}
    rows = ({"round": 1, "labels": 4, "image_dice": dice}, {"round": 2, "labels": 9})
    panel.resize(300, 400)
    panel.show()
    panel.show_rounds(StudyRounds(rows, ("It is still improving.", "Faster.")))
    assert panel.words.text() == "It is still improving.\nFaster."
    labels, plot = panel.plots
    assert labels.toolTip() == "Round 2: 9"
    assert plot.toolTip() == "Round 1: 0.50 (0.40 to 0.60)"
    picture = plot.grab().toImage()
    middle = [picture.pixelColor(picture.width() // 2, row) for row in range(24, 72)]
    drawn = [c for c in middle if c.blue() > 150 and c.red() < 120]
    # 0.4 to 0.6 of a plot of 48 pixels, and the dot in the middle of it
    assert 8 <= len(drawn) <= 18
    panel.show_rounds(StudyRounds())
    assert not plot.isVisibleTo(panel)
