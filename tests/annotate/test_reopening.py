"""A committed lesion is opened again, corrected, and put back in its place."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.session import CaseSession, NothingToCommitError


@pytest.fixture
def session(frame, predictor):
    """A session whose prompts are answered at once, with two lesions of kinds."""
    made = CaseSession(frame)
    embedding = predictor.encode(frame.pixels)

    def reply(draft):
        if draft.has_prompts:
            prediction = predictor.decode(embedding, draft.prompts())
            made.take_prediction(draft, prediction, predictor.name)

    made.draft_changed.connect(reply)
    made.click(10, 10)
    made.commit()
    made.labels[30:34, 40:48] = 2
    made.painted()
    made.describe([1], kind="disc", comment="sharp")
    return made


def test_a_lesion_comes_back_with_its_prompts_and_its_pixels(session):
    session.labels[5:15, 18:20] = 0
    session.painted()
    assert session.reopen(1)
    assert [(c.row, c.column) for c in session.draft.clicks] == [(10, 10)]
    # As it was corrected, not as the model would have it.
    assert (session.proposal.mask() == (session.labels == 1)).all()


def test_more_here_replaces_the_lesion_and_keeps_what_is_known_of_it(session):
    session.reopen(1)
    session.click(40, 60)
    assert session.draft.earlier is not None
    assert session.draft.replaces == 1
    assert session.commit() == 1
    assert session.image.area(1) == 150 + 400
    lesion = session.lesion(1)
    assert (lesion.kind, lesion.comment, lesion.source) == ("disc", "sharp", "model")
    assert len(lesion.draft.clicks) == 2
    assert session.lesion_numbers() == [1, 2]


def test_less_here_gives_pixels_back(session):
    session.reopen(1)
    session.box((0, 0), (3, 3))
    session.click(10, 10, positive=False)
    assert session.commit() == 1
    assert not session.labels[10, 10]
    assert session.labels[1, 1] == 1


def test_another_lesion_is_never_overwritten(session):
    before = session.labels == 2
    session.reopen(1)
    session.box((0, 0), (50, 60))
    session.commit()
    assert ((session.labels == 2) == before).all()
    assert session.labels[29, 40] == 1


def test_undo_brings_everything_back(session):
    labels, lesion, steps = (
        session.labels.copy(),
        session.lesion(1),
        len(session.history),
    )
    session.reopen(1)
    session.click(40, 60)
    session.commit()
    assert session.undo() == "commit"
    assert (session.labels == labels).all()
    assert session.lesion(1) is lesion
    assert session.draft.replaces == 1
    assert session.undo() == "leakage click"
    assert session.draft.as_it_was
    assert session.undo() == "open lesion again"
    assert session.draft.is_empty
    assert len(session.history) == steps


def test_reject_leaves_the_lesion_as_it_was(session):
    labels = session.labels.copy()
    session.reopen(1)
    session.click(40, 60)
    session.reject()
    assert (session.labels == labels).all()
    assert session.proposal is None


def test_committed_untouched_it_is_what_it_was(session):
    lesion, labels = session.lesion(2), session.labels.copy()
    session.reopen(2)
    assert session.commit() == 2
    assert (session.labels == labels).all()
    assert session.lesion(2).source == lesion.source == "paint"


def test_a_painted_lesion_that_the_model_changed_is_mixed(session):
    session.reopen(2)
    session.click(40, 60)
    session.commit()
    assert session.lesion(2).source == "mixed"


def test_nothing_left_is_refused(session):
    session.reopen(1)
    session.click(10, 10, positive=False)
    with pytest.raises(NothingToCommitError, match="Nothing would be left"):
        session.commit()
    assert session.image.area(1) == 150


def test_patches_of_it_become_lesions_of_the_same_kind(session):
    session.reopen(1)
    session.click(40, 60)
    assert session.commit_patches() == [1, 3]
    assert session.image.area(1) == 150
    assert (session.labels[30:50, 50:70] == 3).all()
    assert session.lesion(3).kind == "disc"


def test_a_clean_up_of_an_open_lesion_closes_it(session):
    session.reopen(1)
    session.edit("shrink", np.where(session.labels == 1, 0, session.labels))
    assert session.draft.is_empty
    assert session.undo() == "shrink"
    assert session.draft.replaces == 1
    session.redo()
    assert session.draft.is_empty


def test_no_lesion_is_no_step(session):
    steps = len(session.history)
    assert not session.reopen(7)
    assert len(session.history) == steps
