"""Any path of a study leads to it; frames beside it stay frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from grey import make_frame
from PIL import Image

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.spot import Spot, find_study, only_study_at


@pytest.fixture
def study(tmp_path):
    study = Study.create(tmp_path / "uveitis")
    study.add_frame(make_frame("eye"))
    return study


@pytest.mark.parametrize("inside", ["", "study.json", "cases", "log", "export/a.png"])
def test_what_lies_in_a_study_leads_to_it(study, inside):
    assert find_study(study.folder / inside) == Spot(study.folder)


def test_what_lies_in_a_case_leads_to_the_case(study):
    (case,) = study.case_ids()
    for inside in ("", "frame.tif", "revisions/0001-aaaaaaaa/lesions.tif"):
        path = study.folder / "cases" / case / inside
        assert find_study(path) == Spot(study.folder, case)


def test_frames_beside_a_study_are_frames(study, tmp_path):
    Image.fromarray(make_frame().pixels).save(study.folder / "eye.png")
    assert find_study(study.folder / "eye.png") is None
    assert find_study(study.folder / "frames") is None
    assert find_study(tmp_path) is None


def test_a_relative_path_leads_to_it(study, monkeypatch):
    monkeypatch.chdir(study.folder / "cases")
    assert find_study(Path()) == Spot(study.folder)


def test_a_folder_that_holds_a_study_alone_means_the_study(study, tmp_path):
    assert only_study_at(tmp_path) == Spot(study.folder)
    Image.fromarray(make_frame().pixels).save(tmp_path / "eye.png")
    assert only_study_at(tmp_path) is None


def test_of_several_studies_one_is_to_be_chosen(study, tmp_path):
    Study.create(tmp_path / "diabetes")
    with pytest.raises(PlainError, match="holds several studies"):
        only_study_at(tmp_path)
