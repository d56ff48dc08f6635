"""Two answers to one case, seen and settled in the window."""

from __future__ import annotations

import numpy as np
from qtpy.QtWidgets import QRadioButton

from napari_mae_sam2._qt.conflict_part import ConflictPart
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.conflicts import heads
from napari_mae_sam2.study.folder import Study


def _answer(study, frame, rows, grader, parent):
    labels = np.zeros(frame.shape, np.uint16)
    labels[:rows, :10] = 1
    return study.save_revision(frame, labels, grader=grader, parent=parent)


def test_a_reviewer_compares_and_chooses(at_work):
    grader = at_work
    (part,) = (one for one in grader.widget.parts if isinstance(one, ConflictPart))
    desk = grader.widget.desk
    study, frame = Study.open_or_create(desk.folder), grader.session.frame
    assert not part.panel.isVisible()
    assert part._timer.isActive()  # others may save while the case is open
    _answer(study, frame, 6, "anna", None)
    grader.session.labels[:9, :10] = 1
    grader.widget.labels.grader.setText("ben")
    assert desk.answer("done") == ""
    grader.wait(part.panel.isVisible, "the other answer to be seen")
    assert "anna answered eye 0 as well" in grader.widget.messages.text
    assert desk.worklist.current.status is Status.CONFLICT
    assert part.panel.words.text() == "ben and anna graded this. Which one to keep?"
    first, second = part.panel.findChildren(QRadioButton)
    assert first.text().startswith("ben")
    assert "only ben: 30 px" in part.panel.legend.text()
    assert (part._layer.data[6:9, :10] == 1).all()
    second.click()
    assert "only ben: 30 px" in part.panel.legend.text()
    assert (part._layer.data[6:9, :10] == 2).all()
    grader.push("Correct it first")
    assert not grader.session.labels[6:9].any()
    assert not part.panel.take.isEnabled()
    grader.push("Correct it first")  # thought better of it
    assert grader.session.saves.merges == ()
    grader.push("Take this one")
    grader.wait(lambda: not part.panel.isVisible(), "the conflict to end")
    said = grader.widget.messages.text
    assert said == "The answer of anna is the label now; all answers stay."
    assert desk.worklist.current.status is Status.GRADED
    assert part._layer is None
    (only,) = heads(study, study.case_ids()[0])
    assert (only.grader, len(only.merges)) == ("ben", 1)
    assert study.load_labels(only).sum() == 60
