from __future__ import annotations

import numpy as np
import pytest
from grey import make_frame

from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.annotate.smart_stroke import SmartStroke, certainty
from napari_mae_sam2.fa.similar import brightness
from napari_mae_sam2.model.protocol import Prediction


@pytest.fixture
def pixels():
    return make_frame().pixels  # patches at [5:15, 5:20] and [30:50, 50:70]


def paint(labels, stroke, *places):
    for place in places:
        labels[stroke.to(place)] = 9
    return labels == 9


def test_a_stroke_paints_the_patch_it_begins_on(pixels):
    labels = np.zeros(pixels.shape, np.uint16)
    stroke = SmartStroke(labels, brightness(pixels), (40, 60), 8, 40)
    painted = paint(labels, stroke, (40, 60), (40, 75))
    assert painted[40, 52:69].all()
    assert not painted[:, :49].any()
    assert not painted[:, 71:].any()
    assert not painted[:31].any()


def test_a_fast_stroke_leaves_no_gaps(pixels):
    pixels[:] = 100
    labels = np.zeros(pixels.shape, np.uint16)
    stroke = SmartStroke(labels, brightness(pixels), (30, 5), 3, 10)
    assert paint(labels, stroke, (30, 5), (30, 75))[28:33, 5:75].all()


def test_a_lesion_keeps_its_pixels_and_does_not_stop_the_stroke(pixels):
    labels = np.zeros(pixels.shape, np.uint16)
    labels[30:50, 58:62] = 4
    stroke = SmartStroke(labels, brightness(pixels), (40, 52), 6, 40)
    painted = paint(labels, stroke, (40, 52), (40, 68))
    assert (labels[30:50, 58:62] == 4).all()
    assert painted[40, 63:68].all()
    assert painted[40, 52:57].all()


def test_what_is_taken_is_told_once(pixels):
    labels = np.zeros(pixels.shape, np.uint16)
    stroke = SmartStroke(labels, brightness(pixels), (40, 60), 6, 40)
    rows, columns = stroke.to((40, 60))
    assert len(set(zip(rows, columns, strict=True))) == len(rows) > 50
    rows, _ = stroke.to((40, 60))
    assert not len(rows)


def test_a_stroke_may_leave_the_frame(pixels):
    labels = np.zeros(pixels.shape, np.uint16)
    stroke = SmartStroke(labels, brightness(pixels), (2, 2), 4, 10)
    painted = paint(labels, stroke, (2, 2), (-60, -60), (2, 30))
    assert painted[2, 28:30].all()


def test_the_brush_follows_the_model(pixels):
    grid = np.full((2, *pixels.shape), -4.0, np.float32)
    grid[1, 20:40, 10:40] = 1.0
    grid[1, 20:40, 20:30] = 6.0
    prediction = Prediction(
        grid, np.array([0.9, 0.5], np.float32), np.zeros((2, 256, 256), np.float32)
    )
    values = certainty(Proposal(Draft(), prediction, chosen=1))
    assert values((slice(30, 31), slice(24, 26))) == pytest.approx(254, abs=1)
    assert values((slice(0, 1), slice(0, 1))) == pytest.approx(4.6, abs=0.1)
    labels = np.zeros(pixels.shape, np.uint16)
    stroke = SmartStroke(labels, values, (30, 15), 10, 30, or_more=True)
    painted = paint(labels, stroke, (30, 15), (30, 35))
    assert painted[30, 10:40].all()
    assert not painted[:20].any()
    assert not painted[40:].any()
