from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from mae_sam2_training.losses import LossConfig, MaskLoss, true_iou

SURE = 20.0


def only(**weight: float) -> MaskLoss:
    return MaskLoss(LossConfig(**({"dice": 0, "bce": 0} | weight)))


@pytest.fixture
def square() -> torch.Tensor:
    target = torch.zeros(1, 16, 16)
    target[:, 4:12, 4:12] = 1
    return target


@pytest.mark.parametrize("name", ["dice", "bce", "focal", "tversky", "focal_tversky"])
def test_right_is_better_than_wrong(name: str, square: torch.Tensor) -> None:
    loss = only(**{name: 1.0})
    right = loss(SURE * (2 * square - 1), square)
    half = loss(SURE * (2 * square.roll(4, -1) - 1), square)
    wrong = loss(-SURE * (2 * square - 1), square)
    assert right.shape == (1,)
    assert right < 0.01
    assert right < half < wrong


def test_dice_and_bce_are_what_the_formulas_say(square: torch.Tensor) -> None:
    logits = torch.randn(1, 16, 16, generator=torch.Generator().manual_seed(0))
    p = logits.sigmoid()
    dice = 1 - (2 * (p * square).sum() + 1) / (p.sum() + square.sum() + 1)
    bce = -(square * p.log() + (1 - square) * (1 - p).log()).mean()
    loss = MaskLoss(LossConfig())(logits, square)
    assert loss.item() == pytest.approx((0.9 * dice + 0.1 * bce).item(), abs=1e-5)


def test_each_mask_has_its_own_loss(square: torch.Tensor) -> None:
    loss = MaskLoss(LossConfig(focal=0.5, focal_tversky=0.5))
    logits = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(0))
    together = loss(logits, square.expand(3, -1, -1))
    alone = torch.cat([loss(one[None], square) for one in logits])
    torch.testing.assert_close(together, alone)


def test_an_empty_target_wants_an_empty_mask() -> None:
    empty = torch.zeros(1, 16, 16)
    loss = MaskLoss(LossConfig(dice=1, bce=0.1))
    assert loss(torch.full((1, 16, 16), -SURE), empty).item() < 1e-3
    logits = torch.full((1, 16, 16), -1.0, requires_grad=True)
    loss(logits, empty).sum().backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()


def test_no_loss_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one loss"):
        LossConfig(dice=0, bce=0)


def test_true_iou(square: torch.Tensor) -> None:
    logits = torch.stack([2 * square[0] - 1, 2 * square[0].roll(4, -1) - 1])
    assert true_iou(logits, square).tolist() == pytest.approx([1.0, 1 / 3])
    nothing = torch.zeros(16, 16)
    assert true_iou(nothing - 1, nothing).item() == 1.0
    assert true_iou(nothing + 1, nothing).item() == 0.0
