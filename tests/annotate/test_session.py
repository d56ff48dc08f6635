from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.session import CaseSession, NothingToCommitError
from napari_mae_sam2.fa.errors import PlainError


@pytest.fixture
def session(frame):
    return CaseSession(frame)


@pytest.fixture
def answer(session, predictor):
    """Answers the session's draft as the annotator does, at once."""
    embedding = predictor.encode(session.frame.pixels)

    def reply(draft):
        if not draft.is_empty:
            session.take_prediction(
                draft, predictor.decode(embedding, draft.prompts()), predictor.name
            )

    session.draft_changed.connect(reply)
    return reply


def test_paint_with_the_number_of_a_deleted_lesion_is_another_lesion(session, answer):
    session.click(10, 10)
    session.commit()
    session.describe([1], kind="disc", comment="leaks early")
    session.delete(1)
    session.labels[50:55, 5:9] = 1
    session.painted()
    (painted,) = session.present_lesions()
    assert (painted.kind, painted.comment, painted.source) == ("", "", "paint")
    assert painted.draft is None
    session.undo()
    session.undo()
    assert session.lesion(1).kind == "disc"
    assert session.lesion(1).draft is not None


def test_a_click_gives_a_proposal_that_commits_as_a_lesion(session, answer):
    session.click(10, 10)
    assert session.proposal is not None
    assert session.proposal.mask().sum() == 150

    assert session.commit() == 1

    assert (session.labels[5:15, 5:20] == 1).all()
    assert (session.labels > 0).sum() == 150
    assert session.draft.is_empty
    assert session.proposal is None
    lesion = session.lesions[1]
    assert lesion.draft.clicks[0].row == 10
    assert lesion.model == "grey"
    assert lesion.score == pytest.approx(0.9)


def test_commit_never_overwrites_a_lesion(session, answer):
    session.click(10, 10)
    session.commit()
    session.box((0, 0), (20, 30))

    assert session.commit() == 2

    assert (session.labels[5:15, 5:20] == 1).all()
    assert session.labels[0, 0] == 2


def test_a_commit_without_a_free_pixel_is_refused_with_a_sentence(session, answer):
    session.click(10, 10)
    session.commit()
    session.click(10, 10)
    with pytest.raises(NothingToCommitError, match="belongs to a lesion already"):
        session.commit()
    assert not session.draft.is_empty


def test_commit_without_a_proposal_is_refused(session):
    with pytest.raises(NothingToCommitError, match="click on a leak first"):
        session.commit()


def test_an_empty_candidate_is_refused(session, answer):
    session.click(10, 10)
    session.next_candidate()
    session.next_candidate()
    with pytest.raises(NothingToCommitError, match="empty"):
        session.commit()


def test_an_answer_to_an_older_draft_is_dropped(session, predictor):
    embedding = predictor.encode(session.frame.pixels)
    session.click(10, 10)
    old = session.draft
    session.click(40, 60)
    assert not session.take_prediction(old, predictor.decode(embedding, old.prompts()))
    assert session.proposal is None


def test_a_refining_click_builds_on_the_candidate_that_is_looked_at(session, answer):
    session.click(10, 10)
    session.next_candidate()
    session.click(40, 60, positive=False)
    assert (session.draft.earlier == 11).all()
    assert [click.positive for click in session.draft.clicks] == [True, False]


def test_a_click_made_before_the_answer_builds_on_nothing(session):
    session.click(10, 10)
    session.click(12, 12)
    assert session.draft.earlier is None
    assert len(session.draft.clicks) == 2


def test_a_proposal_is_accepted_patch_by_patch(session, answer):
    session.click(10, 10)
    session.click(40, 60)
    assert session.commit_patches() == [1, 2]
    assert (session.labels[5:15, 5:20] == 1).all()
    assert (session.labels[30:50, 50:70] == 2).all()


def test_a_click_on_all_leakage_begins_a_lesion_of_its_own(session, answer):
    session.ask_for_everything()
    session.click(40, 60)
    assert not session.draft.everything
    assert session.proposal.mask().sum() == 400


def test_everything_undoes_in_the_order_in_which_it_happened(session, answer):
    start = session.labels.copy()
    session.click(10, 10)
    session.click(12, 12)
    session.commit()
    session.labels[50:55, 0:9] = 1
    session.painted()
    session.labels[0:3, 0:3] = 7
    session.painted()
    session.delete(1)
    done = session.labels.copy()

    names = [session.undo() for _ in range(6)]

    assert names == [
        "delete lesion",
        "paint",
        "paint",
        "commit",
        "leakage click",
        "leakage click",
    ]
    assert (session.labels == start).all()
    assert session.draft.is_empty
    assert session.undo() == ""

    for _ in range(6):
        session.redo()
    assert (session.labels == done).all()
    assert session.redo() == ""


def test_undoing_a_commit_brings_the_prompts_and_the_proposal_back(session, answer):
    session.click(10, 10)
    session.click(40, 60)
    draft = session.draft
    session.commit()
    session.undo()
    assert session.draft is draft
    assert session.proposal.draft is draft
    assert not session.labels.any()
    assert 1 not in session.lesions


def test_undoing_a_reject_brings_the_prompts_back(session, answer):
    session.click(10, 10)
    session.reject()
    assert session.proposal is None
    session.undo()
    assert session.proposal is not None


def test_a_new_step_ends_what_could_be_redone(session, answer):
    session.click(10, 10)
    session.undo()
    session.click(40, 60)
    assert session.redo() == ""


def test_numbers_are_not_used_twice(session, answer):
    session.click(10, 10)
    session.commit()
    session.labels[session.labels == 1] = 0
    session.painted()
    session.click(40, 60)
    assert session.commit() == 2


def test_a_painted_lesion_is_one_without_prompts(session):
    session.labels[0:4, 0:4] = 5
    session.painted()
    (lesion,) = session.present_lesions()
    assert lesion.number == 5
    assert lesion.draft is None


def test_a_stroke_that_changed_nothing_is_no_step(session):
    session.painted()
    assert len(session.history) == 0
    assert not session.saves.unsaved


def test_unsaved_follows_edits_and_saves(session, answer):
    assert not session.saves.unsaved
    session.click(10, 10)
    assert not session.saves.unsaved
    session.commit()
    assert session.saves.unsaved
    snapshot = session.snapshot()
    assert not session.saves.unsaved  # on its way
    assert not session.saves.is_saved
    session.labels[0, 0] = 3
    session.painted()
    assert session.saves.unsaved
    session.saves.written(snapshot.edits, "0001-aaaaaaaa", "in_work")
    session.saving_ended(snapshot)
    assert session.saves.unsaved
    assert snapshot.labels[0, 0] == 0
    assert session.saves.revision == "0001-aaaaaaaa"


def test_a_snapshot_that_could_not_be_written_is_unsaved_again(session, answer):
    session.click(10, 10)
    session.commit()
    snapshot = session.snapshot()
    session.saving_ended(snapshot)
    assert session.saves.unsaved


def test_undo_brings_back_the_candidate_that_was_committed(session, answer):
    session.click(10, 10)
    session.next_candidate()
    shown = session.proposal.mask()
    session.commit()
    session.undo()
    assert session.proposal.chosen == 1
    assert (session.proposal.mask() == shown).all()


def test_an_answer_that_is_there_is_not_replaced(session, predictor):
    embedding = predictor.encode(session.frame.pixels)
    session.click(10, 10)
    draft = session.draft
    answer = predictor.decode(embedding, draft.prompts())
    assert session.take_prediction(draft, answer, "a", "weights")
    assert not session.take_prediction(draft, answer, "a", "weights")
    assert session.take_prediction(draft, answer, "b", "other weights")


def test_an_edit_is_one_step_with_its_lesions(session, answer):
    session.click(10, 10)
    session.commit()
    before = session.labels.copy()

    def split(old):
        old[:, 10:] = np.where(old[:, 10:] == 1, 2, old[:, 10:])
        return old

    assert session.edit(
        "split", split, region=np.s_[0:20, 0:30], lesions=[Lesion(2, kind="disc")]
    )
    assert session.lesion_numbers() == [1, 2]
    assert session.image.area(2) == 100
    assert session.lesion(2).kind == "disc"
    assert session.undo() == "split"
    assert (session.labels == before).all()
    assert 2 not in session.lesions
    session.redo()
    assert session.lesion(2).kind == "disc"


def test_an_edit_leaves_what_was_painted_before_a_step_of_its_own(session):
    session.labels[0:3, 0:3] = 1
    assert session.edit("grow", lambda old: np.maximum(old, 2), region=np.s_[8:9, 8:9])
    assert session.image.shares() == {Origin.BRUSH: 0.9, Origin.CLEAN_UP: 0.1}
    assert session.undo() == "grow"
    assert session.undo() == "paint"


def test_an_edit_that_changes_nothing_is_no_step(session):
    assert not session.edit("smooth", session.labels.copy())
    assert len(session.history) == 0


def test_an_edit_that_does_not_fit_changes_nothing(session):
    for wrong in (np.zeros((2, 2), np.uint16), np.full((60, 80), 70000)):
        with pytest.raises(ValueError, match=r"region|uint16"):
            session.edit("wrong", wrong)
    assert not session.labels.any()


def test_what_is_known_of_a_lesion_is_an_edit_too(session):
    session.labels[0:3, 0:3] = 1
    session.painted()
    edits = session.saves.edits
    session.edit("kind", session.labels, lesions=[Lesion(1, kind="disc")])
    assert session.saves.edits > edits
    session.undo()
    assert session.lesion(1).kind == ""


def test_kind_and_comment_are_steps(session):
    session.labels[0:3, 0:3] = 1
    session.labels[5:8, 0:3] = 2
    session.painted()
    assert session.describe([1, 2, 9], kind="disc")
    assert session.describe([2], comment="faint")
    assert not session.describe([2], kind="disc")
    assert 9 not in session.lesions
    assert [(x.kind, x.comment) for x in session.present_lesions()] == [
        ("disc", ""),
        ("disc", "faint"),
    ]
    assert session.saves.unsaved
    assert session.undo() == "comment"
    assert session.undo() == "kind: disc"
    assert [x.kind for x in session.present_lesions()] == ["", ""]
    session.redo()
    assert session.describe([1], kind="")
    assert session.undo() == "unclassified"
    assert session.lesion(1).kind == "disc"


def test_labels_of_another_size_are_refused(frame):
    with pytest.raises(PlainError, match=r"10 × 10.*60 × 80"):
        CaseSession(frame, np.zeros((10, 10), np.uint16))
