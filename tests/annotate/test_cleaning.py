from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate import cleaning
from napari_mae_sam2.annotate.cleaning import Cleaner, NoLesionError, Order
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.clean_lesions import CleanUp
from napari_mae_sam2.fa.errors import PlainError


@pytest.fixture
def session(frame):
    """Lesion 1 in two parts with a hole in the first, lesion 2 apart."""
    labels = np.zeros(frame.shape, np.uint16)
    labels[5:15, 5:20] = 1
    labels[8:10, 8:10] = 0
    labels[5:10, 30:36] = 1
    labels[30:50, 50:70] = 2
    lesions = [Lesion(1, kind="disc", comment="at the disc"), Lesion(2, comment="late")]
    return CaseSession(frame, labels, lesions)


@pytest.fixture
def cleaner(inbox, session):
    made = Cleaner(inbox.post)
    made.open(session)
    yield made
    made.close()


@pytest.fixture
def do(cleaner, inbox):
    def order(what, number=None, size=3.0):
        cleaner.do(Order(what, number, size))
        inbox.run_until(lambda: not cleaner.is_busy)

    return order


@pytest.mark.parametrize("number", [1, None])
@pytest.mark.parametrize("what", CleanUp)
def test_every_clean_up_is_one_step(do, session, what, number):
    before = session.labels.copy()
    do(what, number, 16)
    steps = len(session.history)
    assert steps == int((session.labels != before).any())
    if steps:
        assert session.history.next_undo == what.value
        session.undo()
    assert (session.labels == before).all()


def test_the_new_pixels_say_that_a_clean_up_made_them(do, session):
    do(CleanUp.FILL_HOLES, 1)
    assert session.labels[8, 8] == 1
    assert session.image.shares()[Origin.CLEAN_UP] == pytest.approx(4 / 580)


def test_orders_are_carried_out_one_after_the_other(cleaner, inbox, session):
    changes = []
    cleaner.done.connect(lambda order, changed: changes.append(changed))
    for _ in range(3):
        cleaner.do(Order(CleanUp.GROW, 2, 1.0))
    inbox.run_until(lambda: not cleaner.is_busy)
    assert changes == [True, True, True]
    assert len(session.history) == 3
    assert session.labels[27, 60] == 2
    assert session.labels[26, 60] == 0


def test_paint_that_comes_meanwhile_is_kept(cleaner, inbox, session):
    cleaner.do(Order(CleanUp.GROW, 2, 4.0))
    session.labels[27:29, 55:60] = 7
    inbox.run_until(lambda: not cleaner.is_busy)
    assert (session.labels[27:29, 55:60] == 7).all()
    assert session.labels[27, 65] == 2
    assert [session.undo(), session.undo()] == ["grow", "paint"]


def test_a_clean_up_that_is_cancelled_changes_nothing(cleaner, inbox, session):
    told = []
    cleaner.busy_changed.connect(told.append)
    before = session.labels.copy()
    cleaner.do(Order(CleanUp.GROW, 2, 4.0))
    cleaner.do(Order(CleanUp.GROW, 2, 4.0))
    cleaner.cancel()
    inbox.post(lambda: None)
    inbox.run_until(lambda: True)
    assert told == [True, False]
    assert (session.labels == before).all()


def test_another_case_gets_no_clean_up_of_the_one_before(cleaner, inbox, session):
    other = CaseSession(session.frame)
    cleaner.do(Order(CleanUp.GROW, 2, 4.0))
    cleaner.open(other)
    inbox.post(lambda: None)
    inbox.run_until(lambda: True)
    assert not other.labels.any()
    assert len(session.history) == 0


def test_parts_keep_kind_and_comment_and_undo_forgets_them(do, session):
    do(CleanUp.SPLIT_PARTS, 1)
    assert session.lesion_numbers() == [1, 2, 3]
    assert session.labels[6, 32] == 3
    assert session.lesions[3].kind == "disc"
    assert session.lesions[3].comment == "at the disc"
    session.undo()
    assert 3 not in session.lesions


def test_what_is_merged_keeps_what_was_known_of_both(do, session):
    do(CleanUp.MERGE, 2, 200)
    assert session.lesion_numbers() == [2]
    assert session.lesions[2].kind == "disc"
    assert session.lesions[2].comment == "late; at the disc"


def test_what_cannot_be_done_is_said(cleaner, session):
    with pytest.raises(NoLesionError, match="Pick a lesion first"):
        cleaner.do(Order(CleanUp.GROW, 9, 3.0))
    cleaner.open(CaseSession(session.frame))
    with pytest.raises(NoLesionError, match="no lesion"):
        cleaner.do(Order(CleanUp.GROW, None, 3.0))
    cleaner.open(None)
    with pytest.raises(NoLesionError, match="Open a frame"):
        cleaner.do(Order(CleanUp.GROW, None, 3.0))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PlainError("Too many."), "Too many."),
        (MemoryError("no room"), "The clean-up failed: no room. Nothing was changed."),
    ],
)
def test_a_failure_is_told_and_the_next_order_works(
    cleaner, inbox, session, monkeypatch, error, sentence
):
    told = []
    cleaner.failed.connect(told.append)

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(cleaning, "clean", fail)
        cleaner.do(Order(CleanUp.GROW, 2, 4.0))
        inbox.run_until(lambda: not cleaner.is_busy)
    assert told == [sentence]
    cleaner.do(Order(CleanUp.GROW, 2, 4.0))
    inbox.run_until(lambda: not cleaner.is_busy)
    assert session.labels[27, 60] == 2
