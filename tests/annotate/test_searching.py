"""Patches that come while the model still looks at the rest of a large frame."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.patches import Patch, in_order, usual_smallest
from napari_mae_sam2.annotate.review import find_patches
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.model.prediction import Prediction

SQUARES = {"a": (5, 5, 4.0), "b": (5, 60, 3.0), "c": (45, 5, 2.0), "d": (45, 60, 1.0)}


def answer(names="abcd", side=8):
    grid = np.full((1, 60, 80), -5, np.float32)
    for name in names:
        row, column, logit = SQUARES[name]
        grid[0, row : row + side, column : column + side] = logit
    low = np.zeros((1, 256, 256), np.float32)
    return Prediction(grid, np.ones(1, np.float32), low)


def found(names):
    return find_patches(answer(names))


@pytest.fixture
def session(frame):
    made = CaseSession(frame)
    made.ask_for_everything()
    return made


def corners(session):
    return {(p.mask.top, p.mask.left) for p in session.review.patches}


def finish(session):
    return session.take_prediction(session.draft, answer(), "m", "w", found("abcd"))


def places(names):
    return {SQUARES[name][:2] for name in names}


def test_what_was_found_can_be_judged_before_the_search_ends(session):
    draft = session.draft
    assert session.take_found(draft, found("c"), "m", "w")
    assert session.is_reviewing
    assert not session.is_answered("w")
    assert session.take_found(draft, found("b"), "m", "w")
    assert corners(session) == places("bc")
    assert session.accept_patch() == 1
    assert session.draft is draft  # the search goes on
    assert finish(session)
    assert session.is_answered("w")
    assert session.review.is_complete
    assert session.labels[48, 8] == 1 or session.labels[8, 63] == 1
    judged = "c" if session.labels[48, 8] else "b"
    assert corners(session) == places(set("abcd") - {judged})


def test_what_was_rejected_does_not_come_back_at_the_end(session):
    session.take_found(session.draft, found("bc"), "m", "w")
    session.reject_patch()
    session.reject_patch()
    assert session.review is not None
    assert not session.is_reviewing
    finish(session)
    assert corners(session) == places("ad")


def test_the_patch_in_hand_stays_when_better_ones_come(session):
    session.take_found(session.draft, found("d"), "m", "w")
    session.take_found(session.draft, found("ab"), "m", "w")
    assert (session.review.current.mask.top, session.review.current.mask.left) == (
        45,
        60,
    )
    finish(session)
    assert session.review.current.key == found("d")[0].key
    assert session.review.patches[0].key == found("a")[0].key


def test_undo_in_the_middle_loses_nothing_that_came_later(session):
    session.take_found(session.draft, found("c"), "m", "w")
    session.accept_patch()
    session.take_found(session.draft, found("b"), "m", "w")
    session.undo()
    assert not session.labels.any()
    assert corners(session) == places("bc")
    session.redo()
    assert corners(session) == places("b")
    finish(session)
    session.undo()
    assert corners(session) == places("abcd")
    assert session.review.is_complete
    assert session.is_answered("w")


def test_after_all_was_judged_the_question_is_done(session):
    session.take_found(session.draft, found("ab"), "m", "w")
    session.reject_all()
    finish(session)
    session.reject_all()
    assert session.review is None
    assert session.draft.is_empty


def test_an_end_that_brings_nothing_new_ends_the_question(session):
    session.take_found(session.draft, found("abcd"), "m", "w")
    session.reject_all()
    assert session.draft.everything
    finish(session)
    assert session.review is None
    assert session.draft.is_empty


def test_who_moved_on_gets_no_more(session):
    old = session.draft
    session.take_found(old, found("a"), "m", "w")
    session.reject()
    assert session.draft.is_empty
    assert not session.take_found(old, found("b"), "m", "w")
    assert corners(session) == places("a")
    session.reject_all()
    assert session.review is None


def test_asked_again_after_undo_everything_comes_again(session):
    session.take_found(session.draft, found("a"), "m", "w")
    finish(session)
    session.undo()  # the question itself
    assert session.draft.is_empty
    session.redo()
    assert session.take_found(session.draft, found("a"), "m", "w")
    finish(session)
    assert corners(session) == places("abcd")


def patch(row, column, score, side=4):
    return Patch(PlacedMask(row, column, np.ones((side, side), bool)), score)


def test_neighbours_are_one_group_and_the_best_group_comes_first():
    near, nearer, far, alone = (
        patch(100, 100, 0.6),
        patch(100, 110, 0.7),
        patch(400, 400, 0.95),
        patch(800, 100, 0.65),
    )
    ordered = in_order([near, nearer, far, alone], (1024, 1024))
    keys = [each.key for each in ordered]
    assert keys == [each.key for each in (far, nearer, near, alone)]
    assert [each.group for each in ordered] == [1, 2, 2, 3]


def test_a_group_is_judged_at_once(frame):
    session = CaseSession(frame)
    session.ask_for_everything()
    grid = np.full((1, 60, 80), -5, np.float32)
    grid[0, 5:10, 5:10] = 4.0
    grid[0, 5:10, 11:16] = 3.0
    grid[0, 40:45, 60:65] = 2.0
    low = np.zeros((1, 256, 256), np.float32)
    given = Prediction(grid, np.ones(1, np.float32), low)
    session.take_prediction(session.draft, given, "m", "w", find_patches(given))
    assert len(session.review.group) == 2
    assert session.accept_group() == [1, 2]
    assert [p.mask.top for p in session.review.patches] == [40]
    session.undo()
    session.reject_group()
    assert [p.mask.top for p in session.review.patches] == [40]
    session.undo()
    assert len(session.review.patches) == 3


def test_small_patches_are_hidden_and_not_accepted_together(frame):
    session = CaseSession(frame)
    session.ask_for_everything()
    given = answer("ab", side=4)
    session.take_prediction(session.draft, given, "m", "w", find_patches(given))
    session.show_sizes(17)
    assert session.review.shown == ()
    assert not session.is_reviewing
    session.show_sizes(16)
    assert len(session.review.shown) == 2
    session.accept_shown()
    assert session.lesion_numbers() == [1, 2]


@pytest.mark.parametrize(
    ("shape", "pixels"),
    [((64, 80), 12), ((512, 512), 21), ((768, 1024), 82), ((3000, 4000), 90)],
)
def test_the_usual_smallest_patch_follows_the_frame(shape, pixels):
    assert usual_smallest(shape) == pixels
