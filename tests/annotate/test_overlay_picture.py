"""Pictures to lay over a frame."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate import overlay_picture
from napari_mae_sam2.annotate.overlay_picture import (
    PARTS,
    RAMPS,
    Kind,
    against_label,
    of_probability,
    of_uncertainty,
)
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.model.protocol import Prediction


def predict(*logits, shape=(20, 30)):
    grids = np.stack([np.full(shape, value, np.float32) for value in logits])
    low = np.zeros((len(grids), 256, 256), np.float32)
    return Prediction(grids, np.ones(len(grids), np.float32), low)


def rgb(colour):
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def test_probability_goes_from_clear_to_bright():
    prediction = predict(-9.0)
    prediction.grid[0, 5, 7] = 9.0
    picture = of_probability(prediction, 0)
    assert picture.pixels[0, 0, 3] == 0  # nothing veils the frame where there is none
    assert (picture.pixels[5, 7] == RAMPS[Kind.PROBABILITY][255]).all()
    assert picture.step == 1


def test_every_ramp_grows_brighter_and_covers_more_all_the_way():
    for table in RAMPS.values():
        light = table[:, :3] @ np.array([0.2126, 0.7152, 0.0722])
        assert (np.diff(light) > -0.6).all()
        assert (np.diff(table[:, 3].astype(int)) >= 0).all()
        assert light[-1] - light[0] > 180


def test_a_draft_on_a_part_is_coloured_there_and_nowhere_else():
    area = CloseUp(100, 40, 140, 100)
    picture = of_probability(predict(3.0).placed(area, (400, 400)), 0)
    assert picture.pixels.shape == (40, 60, 4)
    assert picture.corner == (100, 40)


def test_large_frames_are_covered_more_coarsely_in_the_right_place(monkeypatch):
    monkeypatch.setattr(overlay_picture, "LARGEST", 100)
    prediction = predict(-9.0)
    prediction.grid[0, 12:18, 6:12] = 9.0
    picture = of_probability(prediction, 0)
    assert picture.step == 3
    rows, columns = np.nonzero(picture.pixels[..., 3])
    places = (
        rows * picture.step + picture.corner[0],
        (columns * picture.step + picture.corner[1]),
    )
    assert [(int(p.min()), int(p.max())) for p in places] == [(13, 16), (7, 10)]
    label = np.zeros((20, 30), bool)
    label[12:18, 6:12] = True
    against = against_label(prediction, label)
    assert against.pixels.shape[:2] == picture.pixels.shape[:2]
    assert against.overlap.both == 36  # counted in the pixels of the frame


def test_answers_that_contradict_each_other_are_unsure():
    sure = [(predict(9.0), 0), (predict(9.0), 0)]
    assert of_uncertainty(sure).pixels[..., 3].max() == 0
    both = [(predict(9.0), 0), (predict(-9.0), 0)]
    top = RAMPS[Kind.UNCERTAINTY][255]
    assert (of_uncertainty(both).pixels == top).all()
    candidates = predict(9.0, -9.0)
    found = of_uncertainty([(candidates, 0), (candidates, 1)])
    assert (found.pixels == top).all()


def test_right_and_wrong_have_the_colours_that_the_legend_names():
    prediction = predict(-9.0)
    prediction.grid[0, :10] = 9.0
    label = np.zeros((20, 30), bool)
    label[5:15] = True
    picture = against_label(prediction, label)
    both, alone, missed = (rgb(colour) for _, colour in PARTS)
    column = picture.pixels[:, 3]
    assert (column[:5, :3] == alone).all()
    assert (column[5:10, :3] == both).all()
    assert (column[10:15, :3] == missed).all()
    assert (column[15:, 3] == 0).all()
    assert picture.overlap.dice == pytest.approx(0.5)
