from __future__ import annotations

import pytest
from desk_hand import write_frames
from grey import GreyPredictor, Inbox, make_frame

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.places import Places


@pytest.fixture
def frame():
    return make_frame()


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def predictor():
    return GreyPredictor()


@pytest.fixture
def make_journals(tmp_path):
    made = []

    def make():
        known = KnownStudies(tmp_path / "studies.json")
        journals = Journals(tmp_path / "journals", warned.append, known)
        journals.warned = warned
        made.append(journals)
        return journals

    warned = []
    yield make
    for journals in made:
        journals.close()


@pytest.fixture
def study(tmp_path):
    return tmp_path / "study"


@pytest.fixture
def place(study):
    """Where the labels of a case lie that is in no queue."""
    return LabelPlace(study)


@pytest.fixture
def folder(tmp_path):
    return write_frames(tmp_path / "frames", 3)


@pytest.fixture
def make_desk(inbox, predictor, tmp_path):
    made = []

    def make():
        annotator = Annotator(inbox.post, lambda _choice, _tell: predictor)
        annotator.load_model()
        desk = Desk(
            annotator,
            inbox.post,
            Places(tmp_path / "config" / "studies.json"),
            tmp_path / "home",
            tmp_path / "state",
        )
        desk.heard, desk.opened, desk.shown = [], [], []
        desk.said, desk.offers = [], []
        desk.told.connect(desk.said.append)
        desk.offered.connect(desk.offers.append)
        desk.folder_changed.connect(desk.shown.append)
        desk.warned.connect(desk.heard.append)
        desk.case_opened.connect(desk.opened.append)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk):
    return make_desk()
