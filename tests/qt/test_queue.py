"""The queue of a study, worked off in the window."""

from __future__ import annotations

import numpy as np
import pytest
from grey import make_frame
from PIL import Image
from predicted import write_answer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_mae_sam2._qt.answer_part import AnswerPart
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.queue_part import QueuePart
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord


@pytest.fixture
def study(tmp_path):
    """Three cases that nobody has answered, where the window saves."""
    study = Study.create(tmp_path / "labels")
    for seed in range(3):
        study.add_frame(make_frame(f"eye {seed}", seed=seed))
    return study


@pytest.fixture
def part(grader, study):
    (part,) = (one for one in grader.widget.parts if isinstance(one, QueuePart))
    grader.widget.tabs.show_tab(Tab.GRADE, "Queue of the study")
    part._look()
    grader.wait(lambda: part.panel.next.isEnabled(), "looking at the study")
    return part


def _take(grader, part, push="Take next", key=""):
    before = grader.widget.session
    if key:
        grader.canvas.setFocus()
        QTest.keyClick(grader.canvas, key, Qt.KeyboardModifier.AltModifier)
    else:
        grader.push(push)
    grader.wait(
        lambda: grader.widget.session not in (None, before), "opening the next case"
    )
    grader.wait_until_ready()


def _answers(grader):
    (found,) = (one for one in grader.widget.parts if isinstance(one, AnswerPart))
    return found.bar.buttons


def _events(study):
    return [(event.event, event.grader) for event in study.log.events()][4:]


def test_a_grader_works_off_the_queue(grader, part, study):
    grader.widget.labels.grader.setText("anna")
    assert "0 of 3 answered" in part.panel.bar.text()
    assert not _answers(grader)["done"].isEnabled()
    _take(grader, part)
    assert grader.session.frame.name == "eye 0"
    assert _answers(grader)["done"].isEnabled()
    grader.push("Done")
    assert "No lesion is drawn" in grader.widget.messages.text
    _take(grader, part, key="0")  # as the button does
    assert grader.session.frame.name == "eye 1"
    _take(grader, part, key="x")
    assert grader.session.frame.name == "eye 2"
    assert "2 of 3 answered" in part.panel.bar.text()
    grader.push("Review")
    grader.wait(lambda: "is answered" in grader.widget.messages.text, "the end")
    assert "1 needs review: choose “Needs review”" in grader.widget.messages.text
    assert "1 needs review" in part.panel.words.text()
    assert _events(study) == [
        ("claim", "anna"), ("saved", "anna"), ("claim", "anna"), ("saved", "anna"),
        ("claim", "anna"), ("saved", "anna"),
    ]  # fmt: skip
    (first, last) = study.labelled()
    assert [first.case.name, last.case.name] == ["eye 0", "eye 2"]
    assert not study.load_labels(first.revision).any()


def test_a_case_is_given_back_on_going_elsewhere(grader, part, study):
    grader.widget.labels.grader.setText("anna")
    _take(grader, part)
    _take(grader, part)  # skipped
    assert grader.session.frame.name == "eye 1"
    grader.widget.open_sample()
    grader.wait(lambda: not part.has_case, "opening the sample")
    part.thread.wait()
    assert _events(study) == [
        ("claim", "anna"), ("claim", "anna"), ("release", "anna"), ("release", "anna"),
    ]  # fmt: skip


def test_a_window_that_closes_gives_its_case_back(grader, part, study):
    grader.widget.labels.grader.setText("anna")
    _take(grader, part)
    grader.widget.shut_down()
    assert _events(study) == [("claim", "anna"), ("release", "anna")]


def test_what_others_do_is_seen(grader, part, study, tmp_path):
    study.log.write("claim", grader="ben", case=study.case_ids()[0])
    frame = study.load_frame(study.case_ids()[1])
    labels = np.zeros(frame.shape, np.uint16)
    study.save_revision(frame, labels, grader="ben", parent=None)
    grader.widget.labels.grader.setText("anna")
    _take(grader, part)
    assert grader.session.frame.name == "eye 2"
    assert "1 of 3 answered" in part.panel.bar.text()


def test_without_a_code_or_a_study_it_says_what_to_do(grader, part, study, tmp_path):
    grader.widget.labels.grader.setText("")
    grader.push("Take next")
    assert grader.widget.code.dialog is not None
    grader.widget.code.dialog.reject()
    grader.widget.desk.set_folder(tmp_path / "elsewhere")
    grader.wait(lambda: not part.panel.next.isEnabled(), "looking elsewhere")
    assert "No study here yet" in part.panel.words.text()
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_found_is_judged_before_a_case_is_done(grader, part, study):
    frame = study.load_frame(study.case_ids()[0])
    model = ModelRecord(name="a", fingerprint="aaaa")
    results = Results.create(results_folder(study.folder, "aaaa"), model)
    write_answer(results, frame, np.uint16(frame.pixels > 150))
    grader.widget.labels.grader.setText("anna")
    _take(grader, part)
    assert grader.session.is_reviewing
    grader.push("Done")
    assert "still wait" in grader.widget.messages.text
    assert study.latest_revision(study.case_ids()[0]) is None
    grader.press("A", shift=True)
    grader.push("Done")
    grader.wait(lambda: grader.session.frame.name == "eye 1", "the next case")
    (first,) = study.labelled()
    assert study.load_labels(first.revision).any()


def _marks(grader):
    return [case.status for case in grader.widget.desk.worklist.cases]


def test_what_needs_review_is_offered_until_nothing_does(grader, part, study):
    grader.widget.labels.grader.setText("anna")
    for case in study.case_ids()[:2]:
        details = {"status": "needs_review"}
        study.log.write("status", grader="ben", case=case, details=details)
    part.look_soon()
    grader.wait(lambda: "2 need review" in part.panel.words.text(), "the count")
    part.panel.which.setCurrentText("Needs review")
    _take(grader, part)
    assert grader.session.frame.name == "eye 0"
    _take(grader, part)  # passed over
    assert grader.session.frame.name == "eye 1"
    _take(grader, part)
    assert grader.session.frame.name == "eye 0"
    _take(grader, part, key="0")
    assert grader.session.frame.name == "eye 1"
    grader.push("No leakage")
    grader.wait(
        lambda: grader.widget.messages.text == "No case needs review.", "the end"
    )
    assert "review" not in part.panel.words.text()
    assert _marks(grader)[:2] == [Status.GRADED, Status.GRADED]


def test_open_frames_that_no_study_has_are_counted(grader, part, study, folder):
    for seed in (7, 8):
        Image.fromarray(make_frame(seed=seed).pixels).save(folder / f"new {seed}.png")
    grader.widget.desk._places.choose(folder, study.folder)
    for case in study.case_ids():
        study.log.write("status", grader="b", case=case, details={"status": "done"})
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.wait(lambda: "open frames" in part.panel.words.text(), "the count")
    assert part.panel.words.text() == "2 open frames not in the study yet"
    assert _marks(grader) == [Status.GRADED] * 3 + [Status.NEW] * 2


def test_a_study_that_is_opened_is_answered_case_by_case(grader, part, study):
    grader.widget.labels.grader.setText("anna")
    grader.widget.open_paths([study.folder])
    grader.wait_until_ready()
    grader.wait(lambda: part.has_case, "the case to be known")
    assert _marks(grader) == [Status.NEW] * 3
    grader.press("N")
    grader.wait(lambda: grader.session.frame.name == "eye 1", "the next case")
    grader.wait_until_ready()
    grader.wait(lambda: part.has_case, "the case to be known")
    assert _events(study) == []  # looking is no work
    grader.press("P")
    grader.drag([(30, 30), (30, 40)])
    grader.wait(lambda: ("claim", "anna") in _events(study), "the claim")
    grader.push("Cannot grade")
    grader.wait(lambda: grader.session.frame.name == "eye 2", "the next to do")
    grader.wait(lambda: _marks(grader)[1] is Status.CANNOT_GRADE, "the mark")
    case = study.case_ids()[0]
    study.log.write("status", grader="ben", case=case, details={"status": "done"})
    part.look_soon()
    grader.wait(lambda: _marks(grader)[0] is Status.GRADED, "what ben did")
    assert len(grader.widget.desk.worklist.cases) == 3


def test_the_queue_goes_to_the_frame_that_is_open(grader, part, study, folder):
    grader.widget.labels.grader.setText("anna")
    grader.widget.desk._places.choose(folder, study.folder)
    case = study.add_frame(read_frame(folder / "eye 1.png"))
    for other in study.case_ids():
        if other != case.id:
            details = {"status": "done"}
            study.log.write("status", grader="b", case=other, details=details)
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    _take(grader, part)
    assert grader.widget.desk.worklist.current.path == folder / "eye 1.png"
    assert len(grader.widget.desk.worklist.cases) == 3
    assert part.has_case


def test_who_goes_through_a_list_goes_on_in_it(grader, part, study, folder):
    grader.widget.desk._places.choose(folder, study.folder)
    for case in study.case_ids():
        study.log.write("status", grader="b", case=case, details={"status": "done"})
    study.add_frame(read_frame(folder / "eye 0.png"))  # as if it had a label
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.wait(lambda: part.has_case, "the case to be known")
    grader.push("No leakage")
    grader.wait(lambda: grader.session.frame.name == "eye 1", "the next of the list")
    assert grader.widget.desk.worklist.cases[0].status is Status.GRADED
