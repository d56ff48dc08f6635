"""The grader's code is asked before the first save, remembered and always shown."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QDialogButtonBox

from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.preferences import GRADER, Preferences

TOP = (10, 12)


@pytest.fixture
def nobody(at_work):
    """A grader who has not given a code, with a lesion that is not saved."""
    at_work.widget.labels.grader.setText("")
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    return at_work


def _answer(grader, code):
    grader.wait(lambda: grader.widget.code.dialog is not None, "the question")
    dialog = grader.widget.code.dialog
    buttons = QDialogButtonBox.StandardButton
    ok = dialog.buttons.button(buttons.Ok)
    dialog.line.setText(code)
    assert ok.isEnabled() is bool(code.strip())
    (ok if code.strip() else dialog.buttons.button(buttons.Cancel)).click()


def _graders(folder):
    study = Study(folder / "leakage-study")
    return [
        study.revision(case, one).grader
        for case in study.case_ids()
        for one in study.revision_ids(case)
    ]


def test_the_code_is_asked_before_the_first_save(nobody, folder, tmp_path):
    nobody.press("S", shift=True)
    nobody.wait(lambda: nobody.widget.code.dialog is not None, "the question")
    assert not (folder / "leakage-study").exists()
    _answer(nobody, "  AB-1 ")
    nobody.wait(lambda: "Saved" in nobody.widget.messages.text, "saving")
    assert _graders(folder) == ["AB-1"]
    assert nobody.widget.code.shown.text() == "AB-1"
    assert nobody.widget.code.shown.isVisible()
    nobody.widget.shut_down()
    assert Preferences(tmp_path / "window.json").text(GRADER, "") == "AB-1"


def test_going_on_asks_and_loses_nothing(nobody, folder):
    nobody.press("N")
    _answer(nobody, "AB-1")
    nobody.wait(lambda: nobody.widget.desk.worklist.index == 1, "the next case")
    nobody.wait(lambda: not nobody.widget.desk.has_unsaved, "saving")
    assert _graders(folder) == ["AB-1"]


def test_an_answer_waits_for_the_code(nobody, folder):
    nobody.push("Done")
    _answer(nobody, "AB-1")
    nobody.wait(lambda: nobody.widget.desk.worklist.index == 1, "the next case")
    cases = nobody.widget.desk.worklist.cases
    nobody.wait(lambda: cases[0].status is Status.GRADED, "the answer")
    nobody.wait(lambda: _graders(folder) == ["AB-1"], "the answer on disk")


def test_who_gives_no_code_keeps_the_work_and_saves_nothing(nobody, folder):
    nobody.press("S", shift=True)
    _answer(nobody, "")
    assert "kept in the window" in nobody.widget.messages.text
    assert nobody.widget.desk.worklist.current.status is Status.UNSAVED
    assert nobody.session.labels[TOP] == 1
    assert not (folder / "leakage-study").exists()
    nobody.widget.code.change()
    _answer(nobody, "AB-1")
    nobody.press("S", shift=True)
    nobody.wait(lambda: "Saved" in nobody.widget.messages.text, "saving")
    assert _graders(folder) == ["AB-1"]


def test_who_closes_the_window_is_asked_once(nobody, folder):
    assert nobody.widget.code.holds_closing_up()
    assert nobody.widget.code.dialog is not None
    _answer(nobody, "AB-1")
    nobody.wait(lambda: not nobody.widget.desk.has_unsaved, "saving")
    assert _graders(folder) == ["AB-1"]
    nobody.widget.labels.grader.setText("")
    assert not nobody.widget.code.holds_closing_up()


def test_a_window_that_a_program_closes_keeps_the_work(nobody, folder):
    nobody.viewer.window._qt_window.close()
    assert nobody.widget.code.dialog is None
    assert _graders(folder) == ["unnamed"]


def test_taking_a_case_asks_and_then_takes_it(grader, tmp_path):
    grader.widget.labels.grader.setText("")
    asked = []
    grader.widget.code.need(lambda: asked.append(grader.widget.desk.grader))
    assert asked == []
    _answer(grader, "AB-1")
    assert asked == ["AB-1"]


def test_the_code_of_the_last_time_is_used(grader):
    assert grader.widget.desk.grader == "tester"
    assert grader.widget.labels.grader.text() == "tester"
    assert grader.widget.code.shown.text() == "tester"
