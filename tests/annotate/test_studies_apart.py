"""What was drawn in one study never goes to another by itself."""

from __future__ import annotations

import os

import numpy as np
import pytest
from desk_hand import opened, paint, records
from grey import make_frame

from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.places import STUDY_NAME


@pytest.fixture
def other(tmp_path):
    """A study in which anna accepted a label of the first frame."""
    study = Study.create(tmp_path / "other")
    frame = make_frame("eye  0", seed=0)
    labels = np.zeros(frame.shape, np.uint16)
    labels[30:40, 30:40] = np.arange(1, 101).reshape(10, 10) % 36 + 1
    study.save_revision(frame, labels, grader="anna", parent=None)
    return study


@pytest.fixture
def at_work(desk, inbox, folder):
    """Four lesions are drawn in the first case and not saved yet."""
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    for number in range(4):
        paint(desk.session, value=number + 1, row=10 * number)
    return desk


def settle(desk, inbox):
    done = []
    desk._keeping._writer.after(lambda: done.append(True))
    inbox.run_until(lambda: bool(done))


def test_the_label_of_the_other_study_is_shown_and_stays_as_it_is(
    at_work, inbox, folder, other
):
    session = at_work.session
    at_work.set_folder(other.folder)
    inbox.run_until(lambda: at_work.session not in (None, session))
    assert len(at_work.session.lesion_numbers()) == 36
    assert at_work.folder == other.folder
    assert at_work.worklist.current.status is Status.GRADED
    assert at_work.offers == []  # nothing is put over a label
    at_work.step(1)
    at_work.close()
    (only,) = records(other.folder)
    assert only["grader"] == "anna"
    (kept,) = records(folder / STUDY_NAME)
    assert (kept["status"], len(kept["lesions"])) == ("in_work", 4)


def test_where_there_is_no_label_the_lesions_are_offered_and_one_word_brings_them(
    at_work, inbox, folder, tmp_path
):
    session = at_work.session
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, session))
    assert at_work.session.lesion_numbers() == []
    (offer,) = at_work.offers
    assert "4 lesions of eye  0 stay in" in offer.sentence
    offer.act()
    assert at_work.session.lesion_numbers() == [1, 2, 3, 4]
    assert at_work.session.history.next_undo == f"copy from {STUDY_NAME}"
    at_work.close()
    assert [one["status"] for one in records(tmp_path / "mine")] == ["in_work"]
    assert len(records(folder / STUDY_NAME)) == 1


def test_unasked_nothing_is_written_to_the_other_study(at_work, inbox, tmp_path):
    session = at_work.session
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, session))
    at_work.step(1)
    settle(at_work, inbox)
    at_work.close()
    assert not (tmp_path / "mine").exists()


def test_an_offer_puts_nothing_over_what_was_drawn_meanwhile(at_work, inbox, tmp_path):
    session = at_work.session
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, session))
    paint(at_work.session, value=9, row=50)
    at_work.offers[0].act()
    assert at_work.session.lesion_numbers() == [9]


def test_what_could_not_be_saved_in_its_study_stays_for_it_alone(
    at_work, inbox, folder, other
):
    (folder / STUDY_NAME).write_text("in the way")
    session = at_work.session
    at_work.set_folder(other.folder)
    inbox.run_until(lambda: at_work.session not in (None, session))
    settle(at_work, inbox)
    assert any("could not be saved" in s or "was not saved" in s for s in at_work.heard)
    assert session.saves.unsaved
    (folder / STUDY_NAME).unlink()
    at_work.step(1)  # tried again with everything that is saved
    inbox.run_until(lambda: session.saves.is_saved)
    assert len(records(folder / STUDY_NAME)) == 1
    assert len(records(other.folder)) == 1


def test_going_back_finds_the_work_of_the_first_study(at_work, inbox, folder, tmp_path):
    first = at_work.session
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, first))
    second = at_work.session
    at_work.set_folder(folder / STUDY_NAME)
    inbox.run_until(lambda: at_work.session not in (None, second))
    assert at_work.session.lesion_numbers() == [1, 2, 3, 4]


def test_a_save_under_way_ends_in_the_study_that_it_began_in(
    at_work, inbox, folder, tmp_path
):
    session = at_work.session
    assert at_work.answer("done") == ""
    paint(session, value=7, row=50)
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, session))
    at_work.close()
    assert [r["status"] for r in records(folder / STUDY_NAME)] == ["done", "in_work"]
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("spelling", ["dots", "link", "relative"])
def test_the_same_folder_spelled_otherwise_is_no_other_study(
    at_work, inbox, folder, tmp_path, spelling, monkeypatch
):
    at_work.save()
    settle(at_work, inbox)
    session, study = at_work.session, folder / STUDY_NAME
    (tmp_path / "link").symlink_to(study)
    monkeypatch.chdir(folder)
    other = {
        "dots": folder / ".." / folder.name / STUDY_NAME,
        "link": tmp_path / "link",
        "relative": study.relative_to(os.getcwd()),
    }[spelling]
    at_work.set_folder(other)
    assert at_work.session is session


def test_cases_of_a_queue_stay_in_their_study(desk, inbox, other, tmp_path):
    case = other.case_ids()[0]
    desk.open_case(desk.study_cases.of(other.folder, case, "eye  0"))
    inbox.run_until(opened(desk, 1))
    paint(desk.session, value=40)
    desk.set_folder(tmp_path / "mine")
    assert desk.worklist.cases == ()
    assert desk.folder == tmp_path / "mine"
    desk.close()
    assert len(records(other.folder)) == 2
    assert not (tmp_path / "mine").exists()


def test_work_copied_from_where_no_study_can_be_made_is_not_asked_for_again(
    at_work, inbox, folder, tmp_path
):
    (folder / STUDY_NAME).write_text("in the way")  # as on a read-only drive
    first = at_work.session
    at_work.set_folder(tmp_path / "mine")
    inbox.run_until(lambda: at_work.session not in (None, first))
    settle(at_work, inbox)
    at_work.offers[0].act()
    at_work.heard.clear()
    at_work.step(1)
    settle(at_work, inbox)
    assert at_work.close() == []
    assert at_work.heard == []
    assert len(records(tmp_path / "mine")) == 1
    assert not (tmp_path / "home").exists()
