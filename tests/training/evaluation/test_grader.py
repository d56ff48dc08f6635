from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.evaluation.grader import click_until_right
from napari_mae_sam2.model.protocol import Prediction, Prompts

SHAPE = (60, 80)


class Scripted:
    """Answers with the masks it was given, one after the other."""

    name = fingerprint = "scripted"

    def __init__(self, masks: list[np.ndarray]) -> None:
        self.masks = masks
        self.asked: list[Prompts] = []

    def encode(self, pixels: np.ndarray, cancelled: object = None) -> object:
        raise AssertionError("frames are encoded once, by the caller")

    def decode(self, embedding: object, prompts: Prompts) -> Prediction:
        mask = self.masks[min(len(self.asked), len(self.masks) - 1)]
        self.asked.append(prompts)
        logits = np.stack([np.where(mask, 1, -1), np.full(SHAPE, -1)])
        low = np.full((2, 256, 256), len(self.asked), np.float32)
        low[1] = -99
        scores = np.array([0.1, 0.9], np.float32)
        return Prediction(logits.astype(np.float32), scores, low)


def area(rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def test_clicks_as_a_person_at_the_window_would() -> None:
    lesion = area((10, 21), (10, 31))
    half = area((10, 21), (10, 20))
    too_much = lesion | area((40, 55), (40, 71))
    predictor = Scripted([half, too_much, lesion])
    shown = click_until_right(predictor, object(), lesion, 5, 10, 0.8)
    # nothing is left to correct after the third, so there is no fourth click
    assert [mask.sum() for mask in shown] == [half.sum(), too_much.sum(), 231]
    first, second, third = predictor.asked
    row, column = first.points[0]
    assert row == 15
    assert 15 <= column <= 25
    assert first.mask is None
    assert second.points[1].tolist() == [15, 25]  # the middle of what was missing
    assert second.labels.tolist() == [1, 1]
    assert third.labels.tolist() == [1, 1, 0]
    row, column = third.points[2]
    assert row == 47
    assert 47 <= column <= 63
    # the low-resolution logits of the candidate that is shown, the preferred one
    assert second.mask is not None
    assert (second.mask == 1).all()
    assert third.mask is not None
    assert (third.mask == 2).all()


def test_stops_when_good_enough_and_gives_up_at_last() -> None:
    lesion = area((10, 21), (10, 31))
    nearly = lesion.copy()
    nearly[10] = False
    assert len(click_until_right(Scripted([nearly]), 0, lesion, 5, 10, 0.8)) == 5
    bad = Scripted([np.zeros(SHAPE, bool)])
    assert len(click_until_right(bad, 0, lesion, 5, 10, 0.8)) == 10


def test_nobody_clicks_inside_nothing() -> None:
    nothing = np.zeros(SHAPE, bool)
    with pytest.raises(ValueError, match="empty lesion"):
        click_until_right(Scripted([nothing]), 0, nothing, 5, 10, 0.8)
