from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.guide import STEPS, Deed, Guide, deed_of
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.review import find_patches
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.model.prediction import Prediction


@pytest.fixture
def deeds(frame):
    """A session, and what the tour would make of each of its steps."""
    session = CaseSession(frame)
    heard = []
    session.stepped.connect(lambda way, step: heard.append(deed_of(way, step)))
    return session, heard


def answer(session):
    grid = np.full((1, *session.frame.shape), -5, np.float32)
    grid[0, 5:15, 5:20] = 3.0
    if session.draft.everything:
        grid[0, 30:50, 50:70] = 4.0
    low = np.zeros((1, 256, 256), np.float32)
    given = Prediction(grid, np.array([0.8], np.float32), low)
    patches = find_patches(given) if session.draft.everything else ()
    assert session.take_prediction(session.draft, given, "m", "w", patches)


def test_each_deed_of_the_tour_is_known_by_what_a_session_says(deeds):
    session, heard = deeds
    session.click(10, 10)
    session.click(40, 10, positive=False)
    answer(session)
    session.commit()
    session.ask_for_everything()
    answer(session)
    session.accept_patch()
    session.labels[55:58, 2:9] = 5
    session.painted()
    session.undo()
    session.redo()
    assert heard == [
        Deed.LEAKAGE,
        Deed.NOT_LEAKAGE,
        Deed.COMMIT,
        Deed.SEARCH,
        Deed.JUDGE,
        Deed.PAINT,
        Deed.UNDO,
        None,
    ]


def test_a_box_is_as_good_as_a_click_and_a_rejection_as_an_acceptance(deeds):
    session, heard = deeds
    session.box((5, 5), (15, 20))
    session.reject()
    session.ask_for_everything()
    answer(session)
    session.reject_patch()
    assert heard == [Deed.LEAKAGE, None, Deed.SEARCH, Deed.JUDGE]


def test_erasing_and_clean_ups_are_not_what_the_brush_step_waits_for(deeds):
    session, heard = deeds
    session.labels[5:15, 5:20] = 1
    session.painted()
    session.labels[5:9, 5:9] = 0
    session.painted("erase")
    cleaned = session.labels.copy()
    cleaned[16:18, 5:20] = 1
    session.edit("grow", cleaned, origin=Origin.CLEAN_UP)
    assert heard == [Deed.PAINT, None, None]


def test_the_tour_goes_on_with_each_deed_and_ends_with_a_word():
    guide, changes = Guide(), []
    guide.changed.connect(lambda: changes.append(guide.step))
    guide.note(Deed.LEAKAGE)
    assert guide.step is None  # nobody has started it
    guide.start()
    for number, step in enumerate(STEPS[:-1], start=1):
        assert guide.step is step
        assert guide.place == (number, len(STEPS) - 1)
        guide.note(None)
        assert guide.step is step
        guide.note(step.deed)
    assert guide.is_at_end
    guide.note(Deed.ANSWER)
    assert guide.is_at_end
    guide.go_on()
    assert guide.step is None
    assert changes == [*STEPS, None]


def test_who_is_ahead_is_not_held_back_and_who_does_other_things_waits():
    guide = Guide()
    guide.start()
    guide.note(Deed.PAINT)
    assert guide.place[0] == 1
    guide.note(Deed.LEAKAGE)
    guide.note(Deed.COMMIT)  # nothing was to be corrected
    assert guide.step is STEPS[3]
    guide.go_on()
    assert guide.step is STEPS[4]
    guide.end()
    assert guide.step is None
    guide.start()
    assert guide.step is STEPS[0]


def test_each_step_is_short_and_asks_for_another_deed():
    assert all(len(step.text) <= 80 for step in STEPS)
    assert [step.deed for step in STEPS] == [*Deed, None]
