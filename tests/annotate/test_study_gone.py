"""A study that was there and is gone is an error; a save never makes another."""

from __future__ import annotations

import shutil

import pytest
from desk_hand import opened, paint, records, saved

from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.places import STUDY_NAME


@pytest.fixture
def at_work(desk, inbox, folder):
    """One case is saved in a study beside its frame, and painted on since."""
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(saved(desk))
    paint(desk.session, value=2, row=20)
    return desk


def study_of(folder):
    return folder / STUDY_NAME


@pytest.mark.parametrize("way", ["renamed", "deleted", "only study.json", "frames"])
def test_nothing_is_made_in_its_place_and_the_work_stays(
    at_work, inbox, folder, tmp_path, way
):
    session, away = at_work.session, tmp_path / "away"
    if way == "frames":  # the whole drive
        folder.rename(away)
        folder.mkdir()
    elif way == "only study.json":
        (study_of(folder) / "study.json").rename(away)
    else:
        study_of(folder).rename(away)
    at_work.step(1)
    inbox.run_until(lambda: any("kept in the window" in s for s in at_work.heard))
    assert any("is gone" in sentence for sentence in at_work.heard)
    assert at_work.worklist.cases[0].status is Status.UNSAVED
    assert session.saves.unsaved
    assert not (study_of(folder) / "study.json").exists()
    if way == "frames":
        folder.rmdir()
        away.rename(folder)
    elif way == "only study.json":
        away.rename(study_of(folder) / "study.json")
    elif way == "renamed":
        away.rename(study_of(folder))
    else:
        shutil.copytree(away, study_of(folder))
    at_work.save_changes(lambda: None)
    inbox.run_until(lambda: session.saves.is_saved)
    first, second = records(study_of(folder))
    assert second["parent"] == first["id"]
    assert at_work.worklist.cases[0].status is Status.IN_WORK


def test_another_study_in_its_place_gets_nothing(at_work, inbox, folder, tmp_path):
    study_of(folder).rename(tmp_path / "away")
    other = Study.create(study_of(folder))
    at_work.save()
    inbox.run_until(lambda: bool(at_work.heard))
    assert "holds another study than before" in at_work.heard[0]
    assert other.case_ids() == []


def test_a_study_that_went_away_between_two_starts_is_missed(
    at_work, make_desk, inbox, folder, tmp_path
):
    at_work.close()
    study_of(folder).rename(tmp_path / "away")
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert "is gone" in again.heard[0]
    # What was done is in the window all the same: its journal knows the study.
    assert again.session.lesion_numbers() == [1, 2]
    paint(again.session, value=3, row=40)
    again.save()
    inbox.run_until(lambda: len(again.heard) > 1)
    assert not study_of(folder).exists()


def test_a_new_study_in_its_place_is_an_act(
    at_work, make_desk, inbox, folder, tmp_path
):
    at_work.close()
    study_of(folder).rename(tmp_path / "away")
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    (offer,) = again.offers
    assert offer.button == "New study"
    offer.act()
    paint(again.session, value=3, row=40)
    again.save()
    inbox.run_until(saved(again))
    assert len(records(study_of(folder))) == 1
    assert Study.open(study_of(folder)).case_ids()


@pytest.mark.parametrize("is_there", [False, True])
def test_frames_that_vanish_before_the_first_save_get_no_study(
    desk, inbox, folder, tmp_path, is_there
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    folder.rename(tmp_path / "away")
    if is_there:
        folder.mkdir()  # an empty mount point
    desk.save()
    inbox.run_until(lambda: bool(desk.heard))
    assert "folder of the frames" in desk.heard[0]
    assert not study_of(folder).exists()
    if is_there:
        folder.rmdir()
    (tmp_path / "away").rename(folder)
    desk.save()
    inbox.run_until(saved(desk))


def test_two_windows_make_one_study(make_desk, inbox, folder):
    one, other = make_desk(), make_desk()
    one.open_paths([folder])
    other.open_paths([folder / "eye  1.png"])
    inbox.run_until(lambda: bool(one.opened and other.opened))
    for desk in (one, other):
        paint(desk.session)
        desk.save()
    inbox.run_until(saved(one))
    inbox.run_until(saved(other))
    assert len(Study.open(study_of(folder)).case_ids()) == 2
