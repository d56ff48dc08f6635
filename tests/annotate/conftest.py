from __future__ import annotations

import pytest
from grey import GreyPredictor, Inbox, make_frame

from napari_mae_sam2.annotate.journals import Journals


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
        journals = Journals(tmp_path / "journals", warned.append)
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
