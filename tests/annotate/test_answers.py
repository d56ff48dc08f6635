"""Saving keeps work; only the grader's word finishes a case."""

from __future__ import annotations

import numpy as np
import pytest
from desk_hand import opened, paint, records

from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.review import Patch, Review
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.places import STUDY_NAME


def statuses(folder):
    return [record["status"] for record in records(folder / STUDY_NAME)]


def offer_patches(session, count=3):
    mask = np.ones((4, 4), bool)
    patches = tuple(Patch(PlacedMask(6 * n, 40, mask), 0.9) for n in range(count))
    session.offer(Review(Draft(everything=True), patches, "m", "w"))


@pytest.fixture
def at_work(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    return desk


@pytest.mark.parametrize("way", ["step", "close", "save", "folder", "export"])
def test_no_way_of_saving_answers_a_case(at_work, inbox, folder, tmp_path, way):
    session = at_work.session
    offer_patches(session)
    session.accept_patch()
    assert session.is_reviewing  # two patches are not judged yet
    if way == "step":
        at_work.step(1)
    elif way == "close":
        at_work.close()
    elif way == "save":
        at_work.save()
    elif way == "folder":
        at_work.set_folder(tmp_path / "other")
    else:
        at_work.save_changes(lambda: None)
    inbox.run_until(lambda: session.saves.is_saved)
    assert statuses(folder) == ["in_work"]
    assert list(Study.open(folder / STUDY_NAME).labelled()) == []
    if way == "step":
        assert at_work.worklist.cases[0].status is Status.IN_WORK


@pytest.mark.parametrize(
    ("answer", "recorded", "shown"),
    [
        ("done", "done", Status.GRADED),
        ("needs_review", "needs_review", Status.REVIEW),
        ("cannot_grade", "cannot_grade", Status.CANNOT_GRADE),
    ],
)
def test_an_answer_is_recorded_shown_and_found_again(
    at_work, make_desk, inbox, folder, answer, recorded, shown
):
    paint(at_work.session)
    at_work.step(1)
    inbox.run_until(opened(at_work, 2))
    at_work.step(-1)
    inbox.run_until(opened(at_work, 3))
    assert at_work.answer(answer) == ""
    inbox.run_until(lambda: at_work.session.saves.word is None)
    assert statuses(folder) == ["in_work", recorded]
    assert at_work.worklist.cases[0].status is shown
    at_work.close()
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.worklist.cases[0].status is shown
    assert again.session.lesion_numbers() == [1]


def test_no_leakage_is_said_and_never_guessed(at_work, inbox, folder):
    assert "No leakage" in at_work.answer("done")
    at_work.step(1)
    inbox.run_until(opened(at_work, 2))
    assert "no answer yet" in at_work.said[-1]
    assert not (folder / STUDY_NAME).exists()
    at_work.step(-1)
    inbox.run_until(opened(at_work, 3))
    offer_patches(at_work.session)
    assert at_work.answer("no_leakage") == ""
    inbox.run_until(lambda: at_work.session.saves.word is None)
    (found,) = Study.open(folder / STUDY_NAME).labelled()
    assert found.revision.status == "done"
    assert found.revision.lesions == []
    assert at_work.session.review is None


def test_no_leakage_is_refused_where_lesions_are_drawn(at_work, inbox, folder):
    paint(at_work.session)
    assert "1 lesion is drawn" in at_work.answer("no_leakage")
    assert not records(folder)


def test_done_is_refused_while_something_waits_to_be_judged(at_work, inbox, folder):
    paint(at_work.session)
    at_work.session.click(40, 60)
    inbox.run_until(lambda: at_work.session.proposal is not None)
    assert "commit it with C" in at_work.answer("done")
    at_work.session.reject()
    assert at_work.answer("done") == ""


def test_a_change_after_the_answer_takes_it_back_and_undo_gives_it_again(
    at_work, inbox, folder
):
    session = at_work.session
    paint(session)
    at_work.answer("done")
    paint(session, value=2, row=20)
    at_work.step(1)
    inbox.run_until(lambda: session.saves.is_saved)
    assert "still in progress" in at_work.said[0]
    assert statuses(folder) == ["done", "in_work"]
    assert at_work.worklist.cases[0].status is Status.IN_WORK


def test_undo_back_to_what_was_answered_makes_no_revision(at_work, inbox, folder):
    session = at_work.session
    paint(session)
    at_work.answer("done")
    inbox.run_until(lambda: session.saves.is_saved)
    paint(session, value=2, row=20)
    session.undo()
    at_work.step(1)
    inbox.run_until(lambda: session.saves.is_saved)
    assert statuses(folder) == ["done"]
    assert at_work.worklist.cases[0].status is Status.GRADED


def test_what_was_painted_while_the_answer_was_written_is_not_answered(
    at_work, inbox, folder
):
    session = at_work.session
    paint(session)
    at_work.answer("done")
    paint(session, value=2, row=20)  # before the writer has come to it
    at_work.close()
    assert statuses(folder) == ["done", "in_work"]


def test_an_answer_that_could_not_be_written_is_tried_again(at_work, inbox, folder):
    session = at_work.session
    (folder / STUDY_NAME).write_text("in the way")
    at_work.answer("no_leakage")
    inbox.run_until(lambda: bool(at_work.heard))
    assert at_work.worklist.cases[0].status is Status.UNSAVED
    (folder / STUDY_NAME).unlink()
    at_work.step(1)
    inbox.run_until(lambda: session.saves.is_saved)
    assert statuses(folder) == ["done"]
    assert at_work.worklist.cases[0].status is Status.GRADED


@pytest.mark.parametrize("crashed", [False, True])
def test_an_answer_that_was_not_written_outlives_the_window(
    at_work, make_desk, inbox, folder, tmp_path, crashed
):
    (folder / STUDY_NAME).write_text("in the way")
    at_work.answer("no_leakage")
    inbox.run_until(lambda: bool(at_work.heard))
    if crashed:
        at_work._journals.wait()
        at_work._keeping._let_go(at_work._case)
        at_work._journals.wait()
    else:
        assert at_work.close() == []
        assert [record["status"] for record in records(tmp_path / "home")] == ["done"]
    (folder / STUDY_NAME).unlink()
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.session.saves.word == "done"
    again.step(1)
    inbox.run_until(lambda: again.opened[0].saves.is_saved)
    assert statuses(folder) == ["done"]


def test_a_case_that_was_clicked_on_is_in_work_and_one_looked_at_is_new(
    at_work, inbox, folder
):
    at_work.step(1)
    inbox.run_until(opened(at_work, 2))
    at_work.session.click(40, 60)
    at_work.step(1)
    inbox.run_until(opened(at_work, 3))
    shown = [case.status for case in at_work.worklist.cases]
    assert shown == [Status.NEW, Status.IN_WORK, Status.NEW]
    assert not (folder / STUDY_NAME).exists()


def test_a_label_that_an_earlier_version_saved_as_done_stays_done(
    at_work, make_desk, inbox, folder
):
    study = Study.create(folder / STUDY_NAME)
    frame = at_work.session.frame
    labels = np.ones(frame.shape, np.uint16)
    study.save_revision(frame, labels, grader="anna", parent=None)
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.worklist.cases[0].status is Status.GRADED
    again.close()
    assert statuses(folder) == ["done"]


def test_an_answer_that_could_not_be_written_is_void_once_the_label_changes(
    at_work, inbox, folder
):
    session = at_work.session
    paint(session)
    (folder / STUDY_NAME).write_text("in the way")
    assert at_work.answer("done") == ""
    inbox.run_until(lambda: bool(at_work.heard))
    paint(session, value=2, row=20)
    assert session.saves.word is None
    (folder / STUDY_NAME).unlink()
    at_work.step(1)
    inbox.run_until(lambda: session.saves.is_saved)
    assert statuses(folder) == ["in_work"]
