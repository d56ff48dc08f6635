from __future__ import annotations

import pytest
from grey import GreyPredictor, Inbox, make_frame


@pytest.fixture
def frame():
    return make_frame()


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def predictor():
    return GreyPredictor()
