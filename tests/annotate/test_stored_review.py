from __future__ import annotations

import os

import numpy as np
import pytest
from grey import make_frame
from predicted import write_answer

from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.opening import open_case
from napari_mae_sam2.annotate.stored_review import stored_review
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.records import ModelRecord

FRAME = make_frame("eye")


def predict(study, fingerprint="abc", number=1):
    model = ModelRecord(name=f"model {fingerprint}", fingerprint=fingerprint)
    results = Results.create(results_folder(study, fingerprint), model)
    labels = np.zeros(FRAME.shape, np.uint16)
    labels[5:15, 5:20] = number
    labels[30:50, 50:70] = number + 3
    write_answer(results, FRAME, labels)
    return results, labels


@pytest.fixture
def open_it(tmp_path):
    """Opens the case anew, as a window does."""
    known = KnownStudies()
    journals = Journals(tmp_path / "journals", lambda _sentence: None, known)
    case = Case("eye", lambda: FRAME, tmp_path / "study")
    yield lambda: open_case(case, Frames(), journals, known), journals
    journals.close()


def test_a_case_that_nobody_touched_has_its_proposal_ready(open_it, tmp_path):
    study, open_case = Study.create(tmp_path / "study"), open_it[0]
    assert open_case().session.review is None
    _, labels = predict(study.folder)
    session = open_case().session
    assert session.is_reviewing
    assert session.saves.is_saved
    assert not session.history.done
    assert session.review.model == "model abc"
    assert [patch.mask.area for patch in session.review.patches] == [150, 400]
    assert session.review.current.score == pytest.approx(250 / 255)

    session.accept_patch()
    assert (session.labels[labels == 1] == 1).all()
    session.edit_patch()
    assert session.draft.start is not None
    session.undo()
    session.undo()
    assert not session.labels.any()
    assert len(session.review.patches) == 2

    study.save_revision(FRAME, labels * 0, grader="anna", parent=None)
    assert open_case().session.review is None


def test_what_was_judged_is_not_asked_again(open_it, tmp_path):
    open_case, journals = open_it
    predict(tmp_path / "study")
    session = open_case().session
    journal = journals.follow(session, LabelPlace(tmp_path / "study"), None)
    session.reject_patch()
    journal.close()
    journals.wait()
    again = open_case()
    assert [patch.mask.area for patch in again.session.review.patches] == [400]
    again.drop()


def test_the_latest_run_counts_and_damage_is_no_obstacle(tmp_path):
    older, _ = predict(tmp_path, "abc")
    os.utime(older.folder / "records", (1, 1))
    newer, _ = predict(tmp_path, "def", number=2)
    assert stored_review(tmp_path, FRAME).model == "model def"
    Results.create(older.folder, older.model)  # that model is asked once more
    os.utime(newer.folder / "records", (1, 1))
    assert stored_review(tmp_path, FRAME).model == "model abc"
    os.utime(older.folder / "records", (0, 0))
    name = next(newer.records()).id
    newer.label(name).write_bytes(b"nothing")
    assert stored_review(tmp_path, FRAME) is None
    newer.record(name).write_text("{}")
    assert stored_review(tmp_path, FRAME).model == "model abc"
    assert stored_review(tmp_path, make_frame("other", seed=1)) is None
