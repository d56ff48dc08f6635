"""The few figures by which weights are chosen, with unsure areas left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.evaluation.cases import Case
from mae_sam2_training.evaluation.grader import click_until_right
from mae_sam2_training.evaluation.real_check import measure_real
from napari_mae_sam2.model.protocol import Prediction, Predictor, Prompts

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 64


class Fixed:
    """Gives the same answer to every click, and another to no prompt."""

    name = fingerprint = "fixed"
    image_size = SIDE

    def __init__(self, free: np.ndarray, click: list[np.ndarray]) -> None:
        self._free, self._click = free, click

    def encode(self, pixels: np.ndarray, cancelled: object = None) -> object:
        return pixels

    def decode(self, embedding: object, prompts: Prompts) -> Prediction:
        masks = self._click if len(prompts.points) else [self._free]
        logits = np.stack([np.where(mask, 5, -5) for mask in masks]).astype(np.float32)
        low = np.zeros((len(masks), 256, 256), np.float32)
        scores = np.linspace(0.9, 0.5, len(masks)).astype(np.float32)
        return Prediction(logits, scores, low, (SIDE, SIDE))


def square(*part: slice) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[part] = True
    return mask


LESION = square(slice(8, 24), slice(8, 24))
UNSURE = square(slice(36, 60), slice(36, 60))


def case(folder: Path, name: str, lesion: bool, unsure: bool = True) -> Case:
    values = np.zeros((SIDE, SIDE), np.uint8)
    if unsure:
        values[UNSURE] = 128
    if lesion:
        values[LESION] = 255
    pixels = np.random.default_rng(0).integers(40, 200, (SIDE, SIDE)).astype(np.uint8)
    image, mask = folder / f"{name}.png", folder / f"{name}_mask.png"
    Image.fromarray(pixels).save(image)
    Image.fromarray(values).save(mask)
    return Case(name, image, mask, name)


def measure(model: Fixed, *cases: Case) -> dict[str, float]:
    return measure_real(cast("Predictor", model), cases).summary()


def test_what_is_called_leakage_in_an_unsure_area_costs_nothing(tmp_path: Path) -> None:
    model = Fixed(LESION | UNSURE, [LESION | UNSURE])
    got = measure(model, case(tmp_path, "a", True), case(tmp_path, "b", False))
    assert got["image_dice"] == got["lesion_dice_1"] == got["answered"] == 1
    # on the frame that does not leak, the lesion's place is called leakage in vain
    rest = SIDE * SIDE - UNSURE.sum()
    assert got["false_share"] == pytest.approx(LESION.sum() / rest, rel=0.05)
    sure = measure(model, case(tmp_path, "c", True, unsure=False))
    assert sure["image_dice"] < 0.7
    assert sure["lesion_dice_1"] < 0.7


def test_best_of_three_is_told_beside_the_first(tmp_path: Path) -> None:
    small = square(slice(8, 16), slice(8, 24))
    model = Fixed(small & False, [small, LESION, LESION | UNSURE])
    got = measure(model, case(tmp_path, "a", True))
    assert got["lesion_dice_1"] == pytest.approx(2 / 3)
    assert got["best_of_three_1"] == 1
    assert got["image_dice"] == got["answered"] == 0


def test_nobody_is_asked_to_click_into_an_unsure_area(tmp_path: Path) -> None:
    model = cast("Predictor", Fixed(LESION, [LESION | UNSURE]))
    shown = click_until_right(model, 0, LESION, 5, 5, 1.0, unsure=UNSURE)
    assert len(shown) == 1
    assert len(click_until_right(model, 0, LESION, 5, 5, 1.0)) == 5


def test_a_frame_of_which_nothing_is_sure_says_nothing(tmp_path: Path) -> None:
    one = case(tmp_path, "a", False)
    assert one.mask is not None
    Image.fromarray(np.full((SIDE, SIDE), 128, np.uint8)).save(one.mask)
    model = Fixed(LESION, [LESION])
    assert measure(model, one) == {}
    with pytest.raises(DataError, match="no outlined frame"):
        measure(model)
