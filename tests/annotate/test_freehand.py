from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.freehand import INSIDE, MOST_POINTS, NoSuchLesionError
from napari_mae_sam2.annotate.session import CaseSession

SQUARE = np.array([(28.0, 48.0), (28.0, 72.0), (52.0, 72.0), (52.0, 48.0)])
"""Around the patch at [30:50, 50:70]."""


@pytest.fixture
def session(frame):
    return CaseSession(frame)


@pytest.fixture
def answer(session, predictor):
    """Answers the session's draft as the annotator does, at once."""
    embedding = predictor.encode(session.frame.pixels)

    def reply(draft):
        if not draft.is_empty:
            session.take_prediction(draft, predictor.decode(embedding, draft.prompts()))

    session.draft_changed.connect(reply)
    return reply


def test_a_scribble_is_a_few_clicks_and_one_step(session, answer):
    session.scribble(np.array([(40.0, 51.0), (40.0, 69.0)]))
    clicks = session.draft.clicks
    assert 2 <= len(clicks) <= MOST_POINTS
    assert all(click.positive and click.row == 40 for click in clicks)
    assert max(c.column for c in clicks) - min(c.column for c in clicks) > 15
    assert session.proposal.mask()[40, 60]
    session.scribble(np.array([(45.0, 51.0), (45.0, 69.0)]), positive=False)
    assert not session.proposal.mask()[40, 60]
    assert (session.draft.earlier == 10).all()
    assert [session.undo(), session.undo()] == [
        "background scribble",
        "leakage scribble",
    ]
    assert session.draft.is_empty


def test_a_lasso_is_a_box_a_mask_and_points_in_it(session, answer):
    session.click(10, 10)
    assert session.lasso(SQUARE)
    draft = session.draft
    (box,) = draft.boxes
    assert (box.top, box.left, box.bottom, box.right) == (28, 48, 52, 72)
    assert 1 <= len(draft.clicks) <= INSIDE
    assert all(28 <= click.row <= 52 and click.positive for click in draft.clicks)
    rows, columns = np.nonzero(draft.earlier > 0)
    assert rows.mean() / 256 * 60 == pytest.approx(40, abs=1)
    assert columns.mean() / 256 * 80 == pytest.approx(60, abs=1)
    assert session.undo() == "lasso"
    assert session.draft.clicks[0].row == 10


def test_a_lasso_for_the_background_adds_clicks(session, answer):
    session.click(10, 10)
    session.lasso(SQUARE, positive=False)
    assert [click.positive for click in session.draft.clicks][:2] == [True, False]
    assert not session.draft.boxes


def test_a_lasso_around_nothing_is_no_step(session):
    assert not session.lasso(SQUARE + 500)
    assert len(session.history) == 0


def test_a_painted_lesion_is_redrawn_from_its_outline(session, answer):
    session.labels[32:48, 52:68] = 3
    session.redraw(3)
    draft = session.draft
    assert draft.replaces == 3
    assert (draft.boxes[0].top, draft.boxes[0].right) == (32, 67)
    assert (draft.earlier > 0).any()
    session.commit()
    assert (session.labels == 3).sum() == 400
    assert session.lesion_numbers() == [3]
    assert session.undo() == "commit"
    assert session.undo() == "redraw lesion 3"
    assert (session.labels == 3).sum() == 256


def test_a_redrawn_lesion_takes_nothing_from_another(session, answer):
    session.labels[32:48, 52:60] = 3
    session.labels[32:48, 60:68] = 4
    session.redraw(3)
    session.lasso(SQUARE)  # a second thought about the same lesion
    session.commit()
    assert (session.labels[32:48, 60:68] == 4).all()
    assert (session.labels[30, 50:70] == 3).all()
    assert session.lesion_numbers() == [3, 4]


@pytest.mark.parametrize("number", [0, 8])
def test_a_lesion_that_is_not_there_cannot_be_redrawn(session, number):
    with pytest.raises(NoSuchLesionError, match="Pick the lesion first"):
        session.redraw(number)


def test_the_cut_off_moves_the_proposal_and_what_is_committed(session, answer):
    session.click(10, 10)
    session.set_threshold(0.9)
    assert session.proposal.mask().sum() == 150
    session.set_threshold(1.1)
    assert session.proposal.mask().sum() == 0
    session.next_candidate()  # half a logit surer everywhere
    assert session.proposal.mask().sum() == 150
    session.click(40, 60)
    assert session.threshold == pytest.approx(1.1)
    session.choose_candidate(1)
    assert session.proposal.mask().sum() == 550
    session.commit()
    assert (session.labels > 0).sum() == 550
    assert session.threshold == 0


def test_rejecting_forgets_the_cut_off(session, answer):
    session.click(10, 10)
    session.set_threshold(2.0)
    session.reject()
    assert session.threshold == 0


def test_undo_brings_a_commit_back_with_its_cut_off(session, answer):
    session.click(10, 10)
    session.set_threshold(-1.5)
    session.undo()
    assert session.threshold == 0
    session.redo()
    session.set_threshold(-1.5)
    proposed = session.proposal.mask()
    session.commit()
    session.undo()
    assert session.threshold == -1.5
    assert (session.proposal.mask() == proposed).all()


def test_a_lesion_opened_again_is_cut_as_it_was(session, answer):
    session.click(10, 10)
    session.commit()
    session.click(40, 60)
    session.set_threshold(2.0)
    session.reopen(1)
    assert session.threshold == 0
    session.ask_for_everything()
    session.set_threshold(2.0)
    session.ask_for_everything()
    assert session.threshold == 0


def test_a_candidate_that_there_is_not_changes_nothing(session, answer):
    session.choose_candidate(1)
    session.click(10, 10)
    session.choose_candidate(7)
    assert session.proposal.chosen == 0
    session.choose_candidate(2)
    assert session.proposal.chosen == 2
