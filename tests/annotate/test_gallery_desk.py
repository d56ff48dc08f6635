from __future__ import annotations

import json
from pathlib import Path

import pytest
from grey import Inbox
from predicted import NAMES, a_frame, write_predictions

from napari_mae_sam2.annotate.gallery_desk import GalleryDesk, find_open
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.qa.verdicts import VERDICTS, read_verdicts
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord


@pytest.fixture
def study(tmp_path):
    made = Study.create(tmp_path / "study")
    for number in range(2):
        made.add_frame(a_frame(number))
    return made


@pytest.fixture
def desk(study):
    write_predictions(results_folder(study.folder, "aaaa"), "aaaa")
    inbox = Inbox()
    made = GalleryDesk(inbox.post, lambda: "AB")
    made.inbox, made.heard = inbox, []
    made.told.connect(made.heard.append)
    made.warned.connect(made.heard.append)
    made.follow(study.folder)
    inbox.run_until(lambda: made.gallery.total == len(NAMES))
    yield made
    made.close()


def test_a_verdict_given_just_before_closing_is_kept(desk):
    desk.gallery.move(0)
    desk.gallery.judge("reject")
    kept = desk.gallery.results.folder / VERDICTS
    assert not kept.exists()
    desk.close()
    said = read_verdicts(kept)
    assert (said.reviewer, [one.verdict for one in said.verdicts]) == ("AB", ["reject"])


def test_a_verdict_given_while_more_frames_are_read_stays(desk, study, monkeypatch):
    shown, show = [], desk.gallery.show
    monkeypatch.setattr(
        desk.gallery, "show", lambda *what: shown.append(what) or show(*what)
    )
    desk.gallery.move(1)
    desk.follow(study.folder, anew=True)
    desk.gallery.judge("fix")
    desk.inbox.run_until(lambda: bool(shown))
    assert desk.gallery.counts() == {"fix": 1}
    # A run of another model that has nothing yet hides nothing.
    newer = ModelRecord(name="newer", fingerprint="bbbb")
    Results.create(results_folder(study.folder, "bbbb"), newer)
    desk.follow(study.folder, anew=True)
    desk.inbox.run_until(lambda: len(shown) == 2)
    assert desk.gallery.total == len(NAMES)


def test_a_run_of_another_model_does_not_hide_what_is_being_judged(desk, study):
    first = desk.gallery.results.folder
    desk.gallery.move(0)
    desk.gallery.judge("accept")
    write_predictions(results_folder(study.folder, "bbbb"), "bbbb")
    for _ in range(2):
        desk.follow(study.folder, anew=True)
        desk.inbox.run_until(lambda: not desk._loader.is_busy)
    assert desk.gallery.results.folder == first
    assert desk.gallery.counts() == {"accept": 1}
    (words,) = desk.heard
    assert words.startswith("model bbbb has predicted meanwhile")
    desk.load(study.folder)
    desk.inbox.run_until(lambda: desk.gallery.results.folder != first)
    # A verdict that comes while later ones are read holds them up just so.
    shown = desk.gallery.results.folder
    desk.gallery.move(1)
    write_predictions(results_folder(study.folder, "dddd"), "dddd")
    desk.follow(study.folder, anew=True)
    desk.gallery.judge("accept")
    desk.inbox.run_until(lambda: len(desk.heard) == 2)
    assert desk.gallery.results.folder == shown
    desk.load(study.folder)
    desk.gallery.judge("fix")  # of what is still shown
    desk.inbox.run_until(lambda: desk.gallery.results.folder != shown)
    # There, nothing was judged yet, and the latest is shown again.
    write_predictions(results_folder(study.folder, "cccc"), "cccc")
    desk.follow(study.folder, anew=True)
    desk.inbox.run_until(lambda: desk.gallery.results.model.fingerprint == "cccc")


def test_a_folder_chosen_by_hand_stays_until_another_study(desk, study, tmp_path):
    other = write_predictions(tmp_path / "other", "bbbb")
    desk.load(study.folder, other.folder)
    desk.inbox.run_until(lambda: desk.gallery.results.folder == other.folder)
    desk.follow(study.folder, anew=True)
    assert not desk._loader.is_busy
    desk.follow(tmp_path / "elsewhere")
    desk.inbox.run_until(lambda: desk.gallery.results is None)
    assert desk.gallery.total == 0
    desk.load(study.folder, tmp_path)
    desk.inbox.run_until(lambda: bool(desk.heard))
    assert "holds no predictions" in desk.heard[0]


def test_what_is_left_out_is_said(desk, study, tmp_path):
    for place in range(3):
        desk.gallery.move(place)
        desk.gallery.judge("fix")
    desk.take_in(study.folder)
    desk.inbox.run_until(lambda: bool(desk.heard))
    cases = [study.latest_revision(case) for case in study.case_ids()]
    fixed = sum(one is not None for one in cases)
    assert desk.heard[0].startswith(f"0 accepted, {fixed} to fix, 0 rejected, ")
    assert "is not a case" in desk.heard[0]

    page = tmp_path / "page.json"
    content = {"kind": "napari-mae-sam2 verdicts", "fingerprint": "cccc"}
    page.write_text(json.dumps(content | {"verdicts": []}))
    desk.take_in(study.folder, page)
    desk.inbox.run_until(lambda: len(desk.heard) == 2)
    assert "another model" in desk.heard[1]


def test_a_frame_is_found_among_the_open_files(desk):
    record = desk.gallery[0].record.model_copy(update={"source": "folder/b.tif page 2"})
    places = [(Path("other/b.tif"), 1), (Path("folder/b.tif"), 0), (None, 0)]
    cases = [Case("x", lambda: None, Path(), path, page) for path, page in places]
    assert find_open(record, cases) is None
    cases.append(Case("x", lambda: None, Path(), Path("folder/b.tif"), 1))
    assert find_open(record, cases) == 3


def test_verdicts_about_one_study_go_to_no_other(desk, study, tmp_path):
    other = Study.create(tmp_path / "another study")
    for case in study.case_ids():
        other.add_frame(study.load_frame(case))
    desk.gallery.judge("accept")
    desk.take_in(other.folder)
    desk.inbox.run_until(lambda: bool(desk.heard))
    assert f"belong to {study.folder}" in desk.heard[0]
    assert [other.latest_revision(case) for case in other.case_ids()] == [None] * len(
        other.case_ids()
    )
