from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.forward import (
    Features,
    PromptBatch,
    decode_prompts,
    encode_images,
)

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base


@pytest.fixture(scope="module")
def model() -> SAM2Base:
    torch.manual_seed(0)
    return build_model(Architecture("tiny"), image_size=64)


@pytest.fixture(scope="module")
def features(model: SAM2Base) -> Features:
    with torch.no_grad():
        return encode_images(model, torch.randn(2, 3, 64, 64))


def _first(features: Features) -> Features:
    fine, middle = features.high_res
    return Features(features.embedding[:1], (fine[:1], middle[:1]))


CLICKS = PromptBatch(
    xy=torch.tensor([[[10.0, 20.0]], [[40.0, 30.0]]]),
    labels=torch.ones(2, 1, dtype=torch.int32),
)


def test_the_features_have_the_documented_shapes(features: Features) -> None:
    assert features.embedding.shape == (2, 256, 4, 4)
    assert features.high_res[0].shape == (2, 32, 16, 16)
    assert features.high_res[1].shape == (2, 64, 8, 8)


def test_nothing_said_is_asked_of_every_image(
    model: SAM2Base, features: Features
) -> None:
    with torch.no_grad():
        logits, scores = decode_prompts(model, features, PromptBatch())
        first, _ = decode_prompts(model, _first(features), PromptBatch())

    assert logits.shape == (2, 4, 16, 16)
    assert scores.shape == (2, 4)
    torch.testing.assert_close(logits[:1], first)
    assert not torch.allclose(logits[0], logits[1])


def test_several_prompts_can_ask_about_one_image(
    model: SAM2Base, features: Features
) -> None:
    one = PromptBatch(xy=CLICKS.xy[:1], labels=CLICKS.labels[:1])  # type: ignore[index]
    with torch.no_grad():
        both, _ = decode_prompts(model, _first(features), CLICKS)
        alone, _ = decode_prompts(model, _first(features), one)
        each, _ = decode_prompts(model, features, CLICKS)

    assert both.shape == (2, 4, 16, 16)
    torch.testing.assert_close(both[:1], alone)
    torch.testing.assert_close(each[:1], alone)


def test_gradients_reach_decoder_prompt_encoder_and_encoder(model: SAM2Base) -> None:
    model.zero_grad()
    features = encode_images(model, torch.randn(1, 3, 64, 64))
    logits, scores = decode_prompts(
        model,
        features,
        PromptBatch(CLICKS.xy, CLICKS.labels, torch.randn(2, 1, 16, 16)),
    )
    (logits.mean() + scores.mean()).backward()

    for parameter in (
        model.sam_mask_decoder.mask_tokens.weight,
        model.sam_mask_decoder.iou_token.weight,
        model.sam_prompt_encoder.point_embeddings[1].weight,
        model.sam_prompt_encoder.mask_downscaling[0].weight,
        model.image_encoder.trunk.pos_embed,
        model.no_mem_embed,
    ):
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
