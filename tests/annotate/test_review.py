from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.review import Patch, find_patches
from napari_mae_sam2.annotate.reviewing import close_up_for
from napari_mae_sam2.annotate.session import CaseSession, NothingToCommitError
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.model.prediction import Prediction


def answer(shape=(60, 80)) -> Prediction:
    """Three patches, the surest at the right, and a speck."""
    grid = np.full((1, *shape), -5, np.float32)
    grid[0, 5:15, 5:20] = 1.0
    grid[0, 30:50, 50:70] = 4.0
    grid[0, 40:50, 5:15] = 2.0
    grid[0, 0, 70:73] = 9.0
    low = np.zeros((1, 256, 256), np.float32)
    return Prediction(grid, np.array([0.8], np.float32), low)


@pytest.fixture
def session(frame):
    made = CaseSession(frame)
    ask(made)
    return made


def ask(session):
    session.ask_for_everything()
    patches = find_patches(answer())
    assert session.take_prediction(session.draft, answer(), "m", "w", patches)


def test_patches_come_one_by_one_by_falling_score_without_specks(session):
    review = session.review
    scores = [patch.score for patch in review.patches]
    expected = [1 / (1 + np.exp(-logit)) for logit in (4, 2, 1)]
    assert scores == pytest.approx(expected, abs=1e-5)
    assert [patch.mask.area for patch in review.patches] == [400, 100, 150]
    assert review.current.middle == (39.5, 59.5)
    whole = np.zeros((60, 80), bool)
    for patch in review.patches:
        whole |= patch.mask.on((60, 80))
    assert whole.sum() == 650
    assert session.is_reviewing
    assert session.is_answered("w")
    assert not session.is_answered("of another model")


def test_accept_reject_and_step(session):
    session.step_review(1)
    assert session.accept_patch() == 1
    assert session.labels[45, 10] == 1
    assert session.review.current.score < 0.8  # the one behind it
    session.step_review(1)
    assert session.review.current.score > 0.9  # the first again
    session.reject_patch()
    assert session.labels[40, 60] == 0
    session.accept_patch()
    assert session.review is None
    assert session.draft.is_empty
    assert session.lesion_numbers() == [1, 2]
    lesion = session.lesions[1]
    assert (lesion.model, lesion.source, lesion.draft) == ("m", "model", None)


def test_every_judgement_can_be_undone_in_order(session):
    session.accept_patch()
    session.reject_patch()
    session.accept_patch()
    assert session.review is None
    left = []
    for _ in range(3):
        session.undo()
        left.append(len(session.review.patches))
    assert left == [1, 2, 3]
    assert not session.labels.any()
    assert session.is_answered("w")  # nobody asks the model again
    session.redo()
    assert session.labels[40, 60] == 1
    session.undo()
    session.undo()
    assert session.review is None
    assert session.draft.is_empty


def test_all_above_a_score(session):
    session.show_scores(0.85)
    assert len(session.review.shown) == 2
    assert session.accept_shown() == [1, 2]
    assert len(session.review.patches) == 1
    assert not session.is_reviewing  # the last one is not shown
    session.show_scores(0.5)
    assert session.is_reviewing
    session.undo()
    assert len(session.review.shown) == 3
    assert not session.labels.any()


def test_accepted_lesions_are_never_overwritten(session):
    session.edit("brush", lambda old: np.where(old == 0, 7, old), region=RIGHT_HALF)
    session.accept_patch()
    assert (session.labels[30:50, 60:70] == 7).all()
    assert (session.labels[30:50, 50:60] == 8).all()


def test_a_patch_that_is_covered_is_refused_with_a_sentence(session):
    everywhere = (slice(30, 50), slice(50, 70))
    session.edit("brush", lambda old: old + 1, region=everywhere)
    with pytest.raises(NothingToCommitError, match="belongs to a lesion"):
        session.accept_patch()
    assert session.accept_shown() == [2, 3]
    assert (session.labels[30:50, 50:70] == 1).all()
    assert session.review is None


def test_a_click_comes_first_and_the_review_waits(session):
    session.accept_patch()
    session.click(1, 1)
    assert not session.is_reviewing
    assert len(session.review.patches) == 2
    session.reject()
    assert session.is_reviewing
    session.reject_all()
    assert session.review is None
    session.undo()
    assert len(session.review.patches) == 2


def test_a_patch_becomes_the_draft_and_the_others_wait(session):
    patch = session.review.current
    session.edit_patch()
    assert len(session.review.patches) == 2
    assert not session.is_reviewing
    assert session.is_answered("w")  # nobody asks the model before the first click
    assert (session.proposal.mask() == patch.mask.on((60, 80))).all()
    low = session.proposal.low_res
    assert low.shape == (256, 256)
    assert low[int(40 / 60 * 256), int(60 / 80 * 256)] > 7
    assert low[10, 10] < -7
    session.click(52, 60)
    assert (session.draft.earlier == low).all()
    assert session.draft.start is patch.mask
    session.undo()
    session.undo()
    assert len(session.review.patches) == 3
    session.redo()
    assert session.draft.start is patch.mask
    session.reject()
    assert session.is_reviewing


def test_a_click_on_a_patch_corrects_it_and_one_beside_begins_anew(session):
    second = session.review.patches[1]
    rows, columns = second.mask.region
    session.click((rows.start + rows.stop) / 2, columns.start, positive=False)
    assert session.draft.start is second.mask
    assert [click.positive for click in session.draft.clicks] == [False]
    assert (session.draft.earlier[0] < 0).all()  # the patch goes with the click
    assert session.draft.earlier.max() > 7
    assert second not in session.review.patches
    session.undo()
    session.undo()
    assert session.review.patches[1] is second
    session.click(1, 1)
    assert session.draft.start is None
    assert len(session.review.patches) == 3


def test_an_edited_patch_commits_as_it_is(session):
    session.edit_patch()
    assert session.commit() == 1
    assert (session.labels == 1).sum() == 400
    assert session.is_reviewing


def test_a_patch_of_a_large_frame_is_edited_in_a_close_up_of_its_own():
    patch = Patch(PlacedMask(2990, 2000, np.ones((5, 8), bool)), 0.9)
    close_up = close_up_for(patch, (3000, 4000), None)
    assert close_up.shape == (1024, 1024)
    assert close_up.contains(2992, 2004)
    assert close_up_for(patch, (3000, 4000), close_up) == close_up
    assert close_up_for(patch, (1100, 1200), None) is None


def test_asking_again_begins_a_new_review(session):
    session.reject_patch()
    ask(session)
    assert len(session.review.patches) == 3
    session.undo()
    assert len(session.review.patches) == 2


def test_nothing_found_is_nothing_to_review(frame):
    session = CaseSession(frame)
    session.ask_for_everything()
    session.take_prediction(session.draft, answer(), "m", "w", ())
    assert not session.is_reviewing
    assert session.draft.is_empty  # so that one can ask again
    with pytest.raises(NothingToCommitError, match="no patch in hand"):
        session.accept_patch()


def test_what_is_a_lesion_already_is_not_found_again(session):
    session.accept_patch()
    ask(session)
    assert len(session.review.patches) == 2
    session.accept_shown()
    ask(session)
    assert session.review is None
    assert session.draft.is_empty
    assert session.lesion_numbers() == [1, 2, 3]


RIGHT_HALF = (slice(0, 60), slice(60, 80))
