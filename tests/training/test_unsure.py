"""Unsure areas: no loss, no click, no figure comes from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from PIL import Image

from mae_sam2_training.data.augment import AugmentConfig, CropConfig, training_view
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.frames import LabelledFrame, RecordSource
from mae_sam2_training.data.manifest import Record
from mae_sam2_training.data.masks import read_label
from mae_sam2_training.losses import LossConfig, MaskLoss, true_iou
from mae_sam2_training.talk import Sample, Talk, correct, hard

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 32


def talk(unsure: bool) -> Talk:
    """A lesion on the left, and an area on the right that may be unsure."""
    target = torch.zeros(SIDE, SIDE)
    target[8:20, 4:12] = 1
    area = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    area[8:24, 18:30] = True
    seen = torch.zeros(1, 3, 4 * SIDE, 4 * SIDE)
    sample = Sample(
        "f", (64, 64), seen, target, "click", 1, None, area if unsure else None
    )
    return Talk(sample, cast("object", None), target, hard(target), None)  # type: ignore[arg-type]


def answer() -> torch.Tensor:
    """The lesion and the area on the right, both called leakage."""
    logits = torch.full((SIDE, SIDE), -8.0)
    logits[8:20, 4:12] = 8
    logits[8:24, 18:30] = 8
    return logits


def test_a_right_answer_has_no_loss_whatever_it_says_of_an_unsure_area() -> None:
    loss = MaskLoss(LossConfig())
    for unsure in (True, False):
        one = talk(unsure)
        judged = one.judged(answer())
        value = float(loss(judged[None], one.target[None])[0])
        overlap = float(true_iou(judged, one.target))
        assert (value < 0.02) == unsure
        assert (overlap == 1) == unsure


def test_an_unsure_area_gives_no_gradient() -> None:
    one = talk(unsure=True)
    logits = answer().requires_grad_()
    MaskLoss(LossConfig())(one.judged(logits)[None], one.target[None]).sum().backward()
    assert logits.grad is not None
    assert float(logits.grad[8:24, 18:30].abs().max()) == 0
    assert float(logits.grad[8:20, 4:12].abs().max()) > 0


def test_nobody_clicks_into_an_unsure_area() -> None:
    wrong, unsure = talk(unsure=False), talk(unsure=True)
    correct(wrong, answer())
    correct(unsure, answer())
    assert wrong.labels == [0]
    assert unsure.over
    assert not unsure.labels


def test_unsure_areas_move_with_their_view() -> None:
    rng = np.random.default_rng(0)
    pixels = np.zeros((96, 96, 3), np.uint8)
    lesions = np.zeros((96, 96), np.uint16)
    lesions[20:40, 20:40] = 1
    unsure = np.zeros((96, 96), bool)
    unsure[60:80, 50:80] = True
    pixels[unsure] = 200  # what is shown there tells where it went
    frame = LabelledFrame("f", pixels, lesions, unsure=unsure)
    crop = CropConfig(probability=0.5, least_pixels=64)
    plain = AugmentConfig(gamma=0, gain=0, blur=0, noise=0)
    for _ in range(8):
        view = training_view(frame, crop, plain, rng)
        assert view.unsure is not None
        assert view.unsure.shape == view.lesions.shape
        assert set(np.unique(view.lesions)) <= {0, 1}
        assert not (view.unsure & (view.lesions > 0)).any()
        bright = view.pixels[..., 0] > 100
        assert (view.unsure != bright).mean() < 0.02


def write(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


def test_masks_with_and_without_unsure_areas_mix(tmp_path: Path) -> None:
    image = np.arange(1600).reshape(40, 40) % 200
    plain, marked = np.zeros((40, 40)), np.zeros((40, 40))
    plain[5:10, 5:10] = marked[5:10, 5:10] = 255
    marked[20:30, 20:30] = 128
    records = [
        Record(
            write(tmp_path / f"{name}.png", image),
            write(tmp_path / f"{name}_mask.png", mask),
        )
        for name, mask in (("plain", plain), ("marked", marked))
    ]
    source = RecordSource(records)
    rng = np.random.default_rng(0)
    assert source.frame(0, rng).unsure is None
    second = source.frame(1, rng)
    assert second.unsure is not None
    assert second.unsure.sum() == 100
    assert second.lesions.max() == 1
    before = source.fingerprint()
    write(tmp_path / "marked_mask.png", plain)
    assert source.fingerprint() != before


def test_a_mask_of_0_1_and_2_is_refused_in_one_sentence(tmp_path: Path) -> None:
    values = np.zeros((40, 40))
    values[:4], values[4:8] = 1, 2
    path = write(tmp_path / "mask.png", values)
    with pytest.raises(DataError, match=r"mask\.png holds the values 0, 1, 2"):
        read_label(path, (40, 40))
