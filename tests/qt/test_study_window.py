"""A study that is made, listed, described and checked in the window."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPushButton

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.queue_part import QueuePart
from napari_mae_sam2.study.folder import Study


def _push(window, text):
    (found,) = (one for one in window.findChildren(QPushButton) if one.text() == text)
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_a_study_is_made_of_the_open_frames_and_run(at_work):
    grader = at_work
    (part,) = (one for one in grader.widget.parts if isinstance(one, QueuePart))
    grader.widget.labels.grader.setText("head")
    grader.widget.tabs.show_tab(Tab.GRADE, "Queue of the study")
    grader.wait(lambda: "No study here yet" in part.panel.words.text(), "looking")
    grader.push("Study…")
    window = part.study.window
    grader.wait(lambda: "no study here yet" in window.words.text(), "the words")
    window.add_wanted.emit("open")
    part.study.form.patient.setText("P-1")
    part.study.form.accept()
    grader.wait(lambda: "3 cases: 3 new" in window.words.text(), "the frames")
    assert "3 cases added" in window.findings.toPlainText()
    study = Study.open(grader.widget.desk.folder)
    assert {study.case(case).patient for case in study.case_ids()} == {"P-1"}
    grader.wait(lambda: "0 of 3 answered" in part.panel.bar.text(), "the queue")

    window.table.selectRow(1)
    _push(window, "Describe…")
    part.study.form.eye.setCurrentText("left")
    part.study.form.accept()
    grader.wait(lambda: window.model.index(1, 2).data() == "left", "the eye")
    assert [item.name for item in window.selected()] == ["eye 1"]
    _push(window, "Assign to…")
    part.study.form.grader.setCurrentText("ben")
    part.study.form.accept()
    grader.wait(lambda: window.model.index(1, 7).data() == "ben", "the grader")
    window.filters.assigned.setCurrentText("ben")
    grader.wait(lambda: window.model.rowCount() == 1, "the filter")

    (study.case_folder(study.case_ids()[0]) / "frame.tif").unlink()
    _push(window, "Verify files")
    grader.wait(
        lambda: "1 thing is wrong" in window.findings.toPlainText(), "the check"
    )
    assert "frame.tif" in window.findings.toPlainText()
    window.filters.assigned.setCurrentIndex(0)
    grader.wait(lambda: window.model.rowCount() == 3, "all cases")
    before = grader.session
    window.table.selectRow(2)
    window.table.activated.emit(window.model.index(2, 0))
    grader.wait(lambda: grader.widget.session not in (None, before), "opening it")
    assert grader.session.frame.name == "eye 2"
    assert part.has_case
