"""A study is opened as a study, a frame is never listed twice, a drop adds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from grey import make_frame
from PIL import Image

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.places import STUDY_NAME, Places
from napari_mae_sam2.study.rereading import Planned, plan


@pytest.fixture
def desk(inbox, predictor, tmp_path):
    annotator = Annotator(inbox.post, lambda _choice, _tell: predictor)
    annotator.load_model()
    made = Desk(annotator, inbox.post, Places(), tmp_path / "home", tmp_path / "state")
    made.heard, made.told_of = [], []
    made.warned.connect(made.heard.append)
    made.told.connect(made.told_of.append)
    yield made
    made.close()


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(make_frame(seed=index).pixels).save(folder / f"eye {index}.png")
    return folder


@pytest.fixture
def study(tmp_path):
    """Three cases: done, to be reviewed, new."""
    study = Study.create(tmp_path / "uveitis")
    for seed in range(3):
        study.add_frame(make_frame(f"eye {seed}", seed=seed))
    first, second, _ = study.case_ids()
    frame = study.load_frame(first)
    labels = np.zeros(frame.shape, np.uint16)
    study.save_revision(frame, labels, grader="ann", parent=None)
    frame = study.load_frame(second)
    labels = np.zeros(frame.shape, np.uint16)
    labels[:5, :5] = 1
    study.save_revision(frame, labels, grader="ann", parent=None, status="needs_review")
    return study


def listed(desk):
    return [(case.name, case.status) for case in desk.worklist.cases]


THREE = [
    ("eye 0", Status.GRADED),
    ("eye 1", Status.REVIEW),
    ("eye 2", Status.NEW),
]


@pytest.mark.parametrize("inside", ["", "cases", "study.json"])
def test_a_study_lists_its_cases_and_opens_the_first_that_waits(
    desk, inbox, study, inside
):
    desk.open_paths([study.folder / inside])
    inbox.run_until(lambda: desk.session is not None)
    assert listed(desk) == THREE
    assert desk.session.frame.name == "eye 2"
    assert desk.folder == study.folder
    desk.go(1)
    inbox.run_until(lambda: desk.session.frame.name == "eye 1")
    assert desk.session.labels[:5, :5].all()
    assert listed(desk) == THREE  # looking at it changes nothing


def test_a_file_of_a_case_opens_the_study_at_that_case(desk, inbox, study):
    case = study.case_ids()[1]
    desk.open_paths([study.case_folder(case) / "frame.tif"])
    inbox.run_until(lambda: desk.session is not None)
    assert desk.session.frame.name == "eye 1"
    assert listed(desk) == THREE
    assert not (study.folder / STUDY_NAME).exists()
    assert not (study.case_folder(case) / STUDY_NAME).exists()


def test_what_is_labelled_in_an_opened_study_is_saved_in_it(desk, inbox, study):
    desk.grader = "ben"
    desk.open_paths([study.folder])
    inbox.run_until(lambda: desk.session is not None)
    desk.session.labels[3:6, 3:6] = 1
    desk.session.painted()
    desk.save()
    inbox.run_until(lambda: desk.session.saves.is_saved)
    latest = study.latest_revision(study.case_ids()[2])
    assert latest.grader == "ben"
    assert len(study.case_ids()) == 3


def test_frames_and_the_study_beside_them_are_the_same_cases(desk, inbox, frames):
    study = Study.create(frames / STUDY_NAME)
    for index in range(2):
        study.add_frame(read_frame(frames / f"eye {index}.png"))
    desk.open_paths([frames])
    inbox.run_until(lambda: desk.session is not None)
    desk.add_paths([study.folder])
    inbox.run_until(lambda: not desk.is_opening)
    assert [name for name, _ in listed(desk)] == ["eye 0", "eye 1", "eye 2"]
    desk.open_paths([study.folder, frames])
    inbox.run_until(lambda: not desk.is_opening)
    assert sorted(name for name, _ in listed(desk)) == ["eye 0", "eye 1", "eye 2"]


def test_two_frames_of_one_name_stay_two(desk, inbox, frames):
    study = Study.create(frames / STUDY_NAME)
    study.add_frame(make_frame("eye 0", seed=7))  # another patient's
    desk.open_paths([study.folder, frames])
    inbox.run_until(lambda: desk.session is not None)
    names = sorted(name for name, _ in listed(desk))
    assert names == ["eye 0", "eye 0", "eye 1", "eye 2"]


def test_a_frame_is_listed_once_however_it_is_spelled(desk, inbox, frames, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(frames)
    desk.open_paths([frames, frames / "eye 1.png", link, frames / ".." / "frames"])
    inbox.run_until(lambda: desk.session is not None)
    assert len(desk.worklist.cases) == 3
    desk.add_paths([link / "eye 2.png"])
    inbox.run_until(lambda: desk.session.frame.name == "eye 2")
    assert len(desk.worklist.cases) == 3


def test_a_drop_adds_and_keeps_what_is_open(desk, inbox, frames, tmp_path):
    desk.open_paths([frames])
    inbox.run_until(lambda: desk.session is not None)
    more = tmp_path / "more"
    more.mkdir()
    Image.fromarray(make_frame(seed=8).pixels).save(more / "late.png")
    desk.add_paths([more])
    inbox.run_until(lambda: desk.session.frame.name == "late")
    assert [name for name, _ in listed(desk)] == ["eye 0", "eye 1", "eye 2", "late"]


@pytest.mark.parametrize(
    ("how", "bad"),
    [
        *product(
            ("add_paths", "open_paths"), ("a.txt", "cut.png", "gone.png", "empty")
        ),
        ("add_paths", "fakes"),  # a folder that is opened lists its frames unread
    ],
)
def test_what_cannot_be_read_changes_nothing(desk, inbox, frames, tmp_path, bad, how):
    path = tmp_path / bad
    whole = (frames / "eye 0.png").read_bytes()
    if bad == "a.txt":
        path.write_text("no frame")
    elif bad == "cut.png":
        path.write_bytes(whole[: len(whole) // 2])
    elif bad != "gone.png":
        path.mkdir()
    if bad == "fakes":
        (path / "a.png").write_text("no frame")
    desk.open_paths([frames])
    inbox.run_until(lambda: desk.session is not None)
    session, before = desk.session, listed(desk)
    getattr(desk, how)([path])
    inbox.run_until(lambda: bool(desk.heard))
    assert len(desk.heard) == 1
    assert ("a.png" if bad == "fakes" else bad) in desk.heard[0]
    assert desk.session is session
    assert listed(desk) == before
    assert not desk.is_opening


def test_good_files_among_bad_ones_are_added(desk, inbox, frames, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.txt").write_text("x")
    desk.add_paths([tmp_path / "a.txt", frames / "eye 1.png", tmp_path / "b.txt"])
    inbox.run_until(lambda: desk.session is not None)
    assert listed(desk) == [("eye 1", Status.NEW)]
    assert desk.heard[0].endswith("1 more cannot be opened.")


def test_an_empty_study_is_shown_as_one(desk, inbox, tmp_path):
    study = Study.create(tmp_path / "empty")
    desk.open_paths([study.folder])
    inbox.run_until(lambda: bool(desk.told_of))
    assert "no cases yet" in desk.told_of[0]
    assert desk.folder == study.folder


def test_whoever_reads_blinded_sees_no_list(desk, inbox, study):
    first = study.case_ids()[0]
    (of,) = study.revision_ids(first)
    plan(study, [Planned(first, of, "second", "ben", first)], grader="ann")
    desk.grader = "ben"
    desk.open_paths([study.folder])
    inbox.run_until(lambda: bool(desk.told_of))
    assert desk.worklist.cases == ()
    assert "blinded" in desk.told_of[0]
    desk.grader = "ann"
    desk.open_paths([study.folder])
    inbox.run_until(lambda: desk.session is not None)
    assert len(desk.worklist.cases) == 3


def test_a_study_comes_back_after_a_crash(desk, inbox, study):
    desk.open_paths([study.folder])
    inbox.run_until(lambda: desk.session is not None)
    desk.go(1)
    inbox.run_until(lambda: desk.session.frame.name == "eye 1")
    place = desk.place()
    assert place.paths == (study.folder,)
    desk.open_paths(place.paths, place.path, place.page)
    inbox.run_until(lambda: not desk.is_opening)
    assert desk.session.frame.name == "eye 1"
    assert desk.opened_paths() == [study.folder]
