"""The list, the case in hand and the tour's frame keep out of each other's way."""

from __future__ import annotations

import pytest
from desk_hand import opened, paint, saved
from grey import make_frame

from napari_mae_sam2.study.folder import Study


@pytest.fixture
def touring(desk, inbox, folder):
    """A tour is under way; a list of three cases is put aside."""
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.practise("practice frame", lambda: make_frame("sample"))
    inbox.run_until(opened(desk, 2))
    return desk


def test_nothing_of_the_practice_frame_goes_to_another_folder(touring, inbox, tmp_path):
    paint(touring.session)
    touring.set_folder(tmp_path / "mine")
    assert touring.worklist.cases[0].is_practice
    assert "tour" in touring.said[-1]
    touring.close()
    assert not (tmp_path / "mine").exists()
    assert not (tmp_path / "home").exists()


def test_a_picture_that_comes_during_the_tour_is_a_case_after_it(touring):
    touring.add_frame("from memory", lambda: make_frame("from memory"))
    assert [case.is_practice for case in touring.worklist.cases] == [True]
    touring.end_practice()
    assert [case.name for case in touring.worklist.cases][3:] == ["from memory"]


def test_the_answer_of_a_case_that_is_being_left_is_not_taken(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.step(1)  # not there yet
    assert desk.case is desk.worklist.cases[0] is not desk.worklist.current
    assert "being opened" in desk.answer("no_leakage")
    inbox.run_until(opened(desk, 2))
    assert desk.answer("no_leakage") == ""
    assert desk.worklist.index == 1


def test_adding_an_empty_study_keeps_the_list(desk, inbox, folder, tmp_path):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    Study.create(tmp_path / "empty")
    desk.add_paths([tmp_path / "empty"])
    inbox.run_until(lambda: bool(desk.said))
    assert len(desk.worklist.cases) == 3
    assert desk.session is not None


def test_a_stroke_under_way_outlives_reading_the_study_again(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(saved(desk))
    session = desk.session
    desk.read_again()
    session.labels[20:25, 20:25] = 2  # the button is still down
    inbox.run_until(lambda: not desk._opener.is_busy)
    assert desk.session.labels[20, 20] == 2
