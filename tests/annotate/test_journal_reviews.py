"""What is judged patch by patch, and how an answer is looked at, outlives a crash."""

from __future__ import annotations

import threading
from dataclasses import fields

import numpy as np
import pytest

from napari_mae_sam2.annotate.journal_codec import unpack
from napari_mae_sam2.annotate.review import Patch, Review, find_patches
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.model.prediction import Prediction
from napari_mae_sam2.study.record_log import RecordLog


def answer():
    """Three patches, one of them in the middle of another's rectangle."""
    grid = np.full((3, 60, 80), -5, np.float32)
    grid[0, 5:40, 5:10] = grid[0, 35:40, 5:50] = 4.0
    grid[0, 10:20, 20:30] = 2.0
    grid[0, 45:55, 60:70] = 1.0
    low = np.zeros((3, 256, 256), np.float32)
    return Prediction(grid, np.array([0.8, 0.5, 0.2], np.float32), low)


@pytest.fixture
def reviewing(make_journals, frame, place):
    """A session with three patches to judge, and its journal."""
    journals = make_journals()
    session = CaseSession(frame)
    journal = journals.follow(session, place, None)
    session.ask_for_everything()
    patches = find_patches(answer())
    assert session.take_prediction(session.draft, answer(), "m", "w", patches)

    def killed():
        """The session as the next start finds it."""
        journal.close()
        journals.wait()
        found = make_journals().find(frame, place)
        found.file.release()
        return found.session

    return session, killed


def waiting(session):
    """What of a session is still to be judged."""
    review = session.review
    if review is None:
        return session.draft.everything, None
    patches = [
        (patch.score, np.flatnonzero(patch.mask.on(session.labels.shape)).tolist())
        for patch in review.patches
    ]
    about = review.model, review.weights, review.at_least, review.position
    return session.draft.everything, patches, about, session.is_answered("w")


def judge(session):
    session.show_scores(0.6)
    session.step_review(1)
    session.reject_patch()
    session.accept_patch()


def test_what_was_judged_does_not_come_back_and_what_was_not_does(reviewing):
    session, killed = reviewing
    judge(session)
    again = killed()
    assert len(again.review.patches) == 1
    assert again.is_reviewing
    assert waiting(again) == waiting(session)
    for _ in range(2):
        assert again.undo() == session.undo()
        assert waiting(again) == waiting(session)
        assert (again.labels == session.labels).all()
    assert len(again.review.patches) == 3
    assert again.redo() == session.redo() == "reject"
    assert waiting(again) == waiting(session)


def test_where_everything_was_judged_nothing_is_asked_again(reviewing):
    session, killed = reviewing
    judge(session)
    session.reject_all()
    again = killed()
    assert again.review is None
    assert again.draft.is_empty
    assert again.undo() == "reject all"
    assert again.is_reviewing


def test_an_edited_patch_comes_back_with_the_others(reviewing):
    session, killed = reviewing
    session.edit_patch()
    again = killed()
    assert waiting(again)[:2] == waiting(session)[:2]
    assert (again.draft.start.mask == session.draft.start.mask).all()
    again.undo()
    assert len(again.review.patches) == 3


def test_a_journal_that_begins_in_a_review_holds_it(make_journals, frame, place):
    journals = make_journals()
    session = CaseSession(frame)
    session.ask_for_everything()
    patches = find_patches(answer())
    session.take_prediction(session.draft, answer(), "m", "w", patches)
    session.reject_patch()
    journal = journals.follow(session, place, None)
    journal.write_whole()
    journal.close()
    journals.wait()
    again = make_journals().find(frame, place).session
    assert waiting(again) == waiting(session)
    again.undo()
    assert len(again.review.patches) == 3


def records(journals):
    (path,) = journals._folder.glob("*.journal")
    return [unpack(payload) for payload in RecordLog(path).read().payloads]


def test_each_patch_is_written_once(make_journals, frame, place):
    journals = make_journals()
    session = CaseSession(frame)
    journal = journals.follow(session, place, None)
    session.ask_for_everything()
    patches = find_patches(answer())
    session.take_prediction(session.draft, answer(), "m", "w", patches)
    for _ in patches:
        session.reject_patch()
    journal.close()
    journals.wait()
    assert sum(len(header.get("patches", ())) for header, _ in records(journals)) == 3


@pytest.fixture
def looking(make_journals, frame, place):
    """A session with an answer in hand, whose journal can be held up."""
    journals = make_journals()
    session = CaseSession(frame)
    journal = journals.follow(session, place, None)
    session.click(10, 10)
    session.take_prediction(session.draft, answer(), "m", "w")
    return session, journal, journals


def test_cut_off_and_candidate_come_back(looking, make_journals, frame, place):
    session, journal, journals = looking
    session.choose_candidate(1)
    session.set_threshold(1.5)
    journal.close()
    journals.wait()
    again = make_journals().find(frame, place).session
    assert (again.choice, again.threshold) == (1, 1.5)
    again.take_prediction(again.draft, answer(), "m", "w")
    assert (again.proposal.chosen, again.proposal.threshold) == (1, 1.5)


def test_a_slider_that_is_dragged_writes_its_last_place(looking):
    session, journal, journals = looking
    held = threading.Event()
    journals.later(held.wait)
    for place in range(50):
        session.set_threshold(place / 10)
    held.set()
    journal.close()
    journals.wait()
    looked = [header for header, _ in records(journals) if header["kind"] == "looked"]
    assert [header["threshold"] for header in looked] == [4.9]


def test_every_field_of_a_review_is_written():
    names = [field.name for field in fields(Review)]
    # How many patches were seen follows from the patches of a session that goes on.
    assert names == [
        *("draft", "patches", "model", "weights", "at_least", "index"),
        *("smallest", "is_complete", "seen"),
    ]
    assert [field.name for field in fields(Patch)] == ["mask", "score", "group"]
