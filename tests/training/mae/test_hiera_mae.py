from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from mae_sam2_training.hiera_mae import (
    HieraMAE,
    masked_loss,
    normalised,
    paint,
    pixels_of_units,
)
from mae_sam2_training.mae_decoder import sincos_positions
from mae_sam2_training.masking import stratified_mask

if TYPE_CHECKING:
    from torch import nn

    from mae_sam2_training.masking import UnitMask


@pytest.fixture
def mae(small_trunk: nn.Module) -> HieraMAE:
    torch.manual_seed(1)
    return HieraMAE(small_trunk, width=32, depth=2, heads=2)


def drawn(batch: int, *side: int) -> UnitMask:
    return stratified_mask(batch, (side[0], side[-1]), 7, 0.75)


def test_masked_pixels_cannot_influence_the_prediction(mae: HieraMAE) -> None:
    mask = drawn(2, 448)
    images = torch.rand(2, 3, 448, 448)
    others = torch.where(mask.hidden_pixels, torch.rand_like(images), images)

    with torch.inference_mode():
        assert torch.equal(mae.predict(images, mask), mae.predict(others, mask))


def test_visible_pixels_do_influence_the_prediction(mae: HieraMAE) -> None:
    mask = drawn(1, 224)
    images = torch.rand(1, 3, 224, 224)
    others = torch.where(mask.hidden_pixels, images, torch.rand_like(images))

    with torch.inference_mode():
        assert not torch.allclose(mae.predict(images, mask), mae.predict(others, mask))


def test_no_gradient_reaches_masked_pixels(mae: HieraMAE) -> None:
    mask = drawn(1, 224)
    images = torch.rand(1, 3, 224, 224, requires_grad=True)

    mae.predict(images, mask).square().sum().backward()

    gradient = images.grad
    assert gradient is not None
    hidden = mask.hidden_pixels.expand_as(gradient)
    assert torch.count_nonzero(gradient[hidden]) == 0
    assert torch.count_nonzero(gradient[~hidden]) > 0.9 * (~hidden).sum()


def test_every_parameter_learns(mae: HieraMAE) -> None:
    mae(torch.rand(1, 3, 224, 224), drawn(1, 224)).loss.backward()

    for name, parameter in mae.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_the_loss_is_of_masked_units_alone(mae: HieraMAE) -> None:
    mask = drawn(1, 224)
    images = torch.rand(1, 3, 224, 224)
    prediction = normalised(pixels_of_units(images, mask.masked))[0]

    assert masked_loss(prediction, images, mask) == 0
    shown = torch.where(mask.hidden_pixels, images, torch.zeros_like(images))
    assert masked_loss(prediction, shown, mask) == 0
    blank = torch.where(mask.hidden_pixels, torch.zeros_like(images), images)
    assert masked_loss(prediction, blank, mask) > 0.5


def test_noise_in_the_dark_border_weighs_little() -> None:
    noise = torch.rand(1, 1, 3072) / 255
    vessels = torch.rand(1, 1, 3072)

    assert normalised(noise)[0].std() < 0.2
    assert normalised(vessels)[0].std() > 0.9


def test_it_overfits_a_few_images(mae: HieraMAE) -> None:
    waves = torch.sin(torch.arange(224) / 20).expand(224, -1)
    images = torch.stack([waves, waves.T])[:, None].expand(-1, 3, -1, -1) / 2 + 0.5
    optimiser = torch.optim.AdamW(mae.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(100):
        mask = stratified_mask(2, (224, 224), 7, 0.75, generator)
        loss = mae(images, mask).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())

    assert losses[0] > 1.0
    assert sum(losses[-5:]) / 5 < 0.3


def test_painting_puts_units_where_they_belong() -> None:
    images, mask = torch.rand(2, 3, 224, 448), drawn(2, 224, 448)
    truth = normalised(pixels_of_units(images, mask.masked))[0]

    seen, painted = paint(images, truth, mask)

    torch.testing.assert_close(painted, images, rtol=0, atol=1e-5)
    hidden = mask.hidden_pixels.expand_as(images)
    assert (seen[hidden] == 0.5).all()
    assert torch.equal(seen[~hidden], images[~hidden])


def test_units_are_counted_row_by_row() -> None:
    images = torch.arange(6.0).view(1, 1, 2, 3)
    images = images.repeat_interleave(32, 2).repeat_interleave(32, 3)

    units = pixels_of_units(images, torch.tensor([[[4, 0]]]))

    assert units.shape == (1, 2, 1024)
    assert units[0, 0].unique().tolist() == [4.0]
    assert units[0, 1].unique().tolist() == [0.0]


def test_every_place_has_a_position_of_its_own() -> None:
    positions = sincos_positions(3, 4, 16)

    assert positions.shape == (12, 16)
    assert len(positions.unique(dim=0)) == 12
    with pytest.raises(ValueError, match="multiple of 4"):
        sincos_positions(3, 4, 18)


def test_the_trained_trunk_is_sam2s_own() -> None:
    """It loads back with no key left over, and changes the embedding."""
    from napari_mae_sam2.model.architectures import Architecture, build_model

    torch.manual_seed(0)
    model, fresh = build_model(Architecture("tiny")), build_model(Architecture("tiny"))
    fresh.load_state_dict(model.state_dict())
    mae = HieraMAE(model.image_encoder.trunk, width=32, depth=1, heads=2)
    optimiser = torch.optim.AdamW(mae.parameters(), lr=1e-3)
    mae(torch.rand(1, 3, 224, 224), drawn(1, 224)).loss.backward()
    optimiser.step()

    trained = mae.trunk.state_dict()
    image = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        before = fresh.image_encoder(image)["vision_features"]
        keys = fresh.image_encoder.trunk.load_state_dict(trained, strict=True)
        after = fresh.image_encoder(image)["vision_features"]
        own = model.image_encoder(image)["vision_features"]

    assert keys.missing_keys == []
    assert keys.unexpected_keys == []
    assert set(model.state_dict()) == set(fresh.state_dict())
    assert torch.equal(after, own)
    assert (after - before).abs().mean() > 1e-3
