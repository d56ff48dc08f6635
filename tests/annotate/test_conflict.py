"""Two graders who answer the same case: both stay, and somebody chooses."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.conflict import (
    ONLY_OTHERS,
    ONLY_THIS,
    Conflicts,
    read_conflict,
    take_over,
)
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.saving import find
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.annotate.writer import Writer
from napari_mae_sam2.study.conflicts import heads
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.verify import verify


def _labels(frame, rows, value=1):
    labels = np.zeros(frame.shape, np.uint16)
    labels[:rows, :10] = value
    return labels


def _open(frame, folder):
    saved = find(frame, LabelPlace(folder))
    if saved is None:
        return CaseSession(frame)
    return CaseSession(frame, saved.labels, saved.lesions, saved.revision)


def _paint(session, labels):
    session.labels[...] = labels
    session.painted()


@pytest.fixture
def save():
    writer = Writer(lambda function: function(), KnownStudies())

    def save(session, folder, grader, word="done"):
        if word is not None:
            session.saves.say(word)
        writer.save_here(session, LabelPlace(folder), grader, None)

    yield save
    writer.close()


@pytest.fixture
def torn(frame, study, save):
    """Anna and ben opened the case before either had saved."""
    anna, ben = _open(frame, study), _open(frame, study)
    _paint(anna, _labels(frame, 6, value=3))
    save(anna, study, "anna")
    assert anna.saves.parallel == ()
    _paint(ben, _labels(frame, 9))
    save(ben, study, "ben")
    assert ben.saves.parallel == ("anna",)
    return Study.open(study)


def test_a_first_answer_is_never_taken_for_a_correction_of_an_unseen_one(torn, frame):
    (case,) = torn.case_ids()
    found = heads(torn, case)
    assert [(one.grader, one.parent) for one in found] == [
        ("anna", None),
        ("ben", None),
    ]
    assert torn.latest_revision(case) == found[-1]


def test_a_correction_of_what_was_seen_ends_nothing_that_was_not(torn, frame, save):
    session = _open(frame, torn.folder)  # shows ben's, the newer one
    _paint(session, _labels(frame, 12))
    save(session, torn.folder, "carla")
    assert session.saves.parallel == ("anna",)
    (case,) = torn.case_ids()
    assert {one.grader for one in heads(torn, case)} == {"anna", "carla"}


def test_a_damaged_neighbour_is_no_reason_to_save_nothing(torn, frame, save):
    session = _open(frame, torn.folder)
    (case,) = torn.case_ids()
    first = torn.revision_folder(case, torn.revision_ids(case)[0])
    (first / "revision.json").write_bytes(b"{")
    _paint(session, _labels(frame, 12))
    save(session, torn.folder, "carla")
    assert session.saves.is_saved
    assert len(torn.revision_ids(case)) == 3


def test_what_a_model_proposed_meanwhile_is_no_conflict(study, frame, save):
    session = _open(frame, study)
    proposed = Study.create(study).save_revision(
        frame, _labels(frame, 3), grader="model", parent=None, status="proposed"
    )
    _paint(session, _labels(frame, 6))
    save(session, study, "anna")
    (case,) = Study.open(study).case_ids()
    (only,) = heads(Study.open(study), case)
    assert (only.grader, only.merges) == ("anna", [proposed.id])


def test_a_proposal_that_came_late_is_not_opened_in_place_of_the_answer(
    study, frame, save
):
    session = _open(frame, study)
    _paint(session, _labels(frame, 6))
    save(session, study, "anna")
    Study.open(study).save_revision(
        frame, _labels(frame, 3), grader="model", parent=None, status="proposed"
    )
    place = LabelPlace(study)
    saved = find(frame, place)
    assert np.array_equal(saved.labels, _labels(frame, 6))
    assert read_conflict(place, frame) is None


def test_a_conflict_says_where_answers_differ(torn, frame):
    conflict = read_conflict(LabelPlace(torn.folder), frame)
    assert conflict.graded() == "ben and anna graded this"
    ben, anna = conflict.answers
    assert (ben.area, anna.area) == (90, 60)
    assert ben.differs() == (30, 0)
    assert anna.differs() == (0, 30)
    assert (ben.difference[6:9, :10] == ONLY_THIS).all()
    assert (anna.difference[6:9, :10] == ONLY_OTHERS).all()
    assert ben.dice == pytest.approx(120 / 150)
    assert ben.when()


@pytest.mark.parametrize("corrected", [False, True])
def test_taking_an_answer_ends_the_conflict_and_keeps_all(torn, frame, save, corrected):
    (case,) = torn.case_ids()
    before = {name: torn.revision(case, name) for name in torn.revision_ids(case)}
    session = _open(frame, torn.folder)
    conflict = read_conflict(LabelPlace(torn.folder), frame)
    _, anna = conflict.answers
    take_over(session, conflict, anna)
    assert np.array_equal(session.labels, _labels(frame, 6, value=3))
    if corrected:
        session.labels[0, 20] = 5
        session.painted()
    save(session, torn.folder, "carla")
    (only,) = heads(torn, case)
    assert (only.grader, only.parent) == ("carla", anna.revision)
    assert only.merges == [conflict.answers[0].revision]
    assert np.array_equal(torn.load_labels(only), session.labels)
    assert {name: torn.revision(case, name) for name in before} == before
    assert read_conflict(LabelPlace(torn.folder), frame) is None
    assert list(verify(torn)) == []
    (event,) = [one for one in torn.log.events() if one.details.get("merges")]
    assert (event.grader, event.case) == ("carla", case)
    # What comes next corrects that one alone.
    session.labels[1, 30] = 5
    session.painted()
    save(session, torn.folder, "carla")
    assert heads(torn, case)[0].merges == []


def test_taking_an_answer_is_one_step_of_undo(torn, frame):
    session = _open(frame, torn.folder)
    conflict = read_conflict(LabelPlace(torn.folder), frame)
    take_over(session, conflict, conflict.answers[1])
    assert session.undo() == "take the answer of anna"
    assert np.array_equal(session.labels, _labels(frame, 9))


def test_only_the_case_that_was_asked_for_last_is_told_of(torn, frame, inbox):
    told = []
    conflicts = Conflicts(lambda *what: told.append(what), inbox.post)
    one, other = _open(frame, torn.folder), _open(frame, torn.folder)
    conflicts.look(one, LabelPlace(torn.folder))
    conflicts.look(other, LabelPlace(torn.folder))
    inbox.run_until(lambda: bool(told))
    assert [session for session, _ in told] == [other]
    assert len(told[0][1].answers) == 2
    conflicts.look(one, LabelPlace(torn.folder / "nowhere"))
    inbox.run_until(lambda: len(told) == 2)
    assert told[1] == (one, None)
    conflicts.close()
