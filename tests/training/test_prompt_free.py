"""What a card says of answers without a prompt: token, cut-off, temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mae_sam2_training.losses import LossConfig
from mae_sam2_training.session import Session
from mae_sam2_training.talk import Sample
from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.candidates import prompt_free_answers
from napari_mae_sam2.model.card import ModelCard, PromptFree
from napari_mae_sam2.model.checkpoint import load_model, save_checkpoint
from napari_mae_sam2.model.forward import PromptBatch, decode_prompts
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from pathlib import Path

SAID = PromptFree(token=3, cutoff=0.25, temperature=2)


@pytest.fixture
def predictors(tmp_path: Path) -> tuple[Sam2Predictor, Sam2Predictor]:
    """The same weights with a card that says something, and with one that does not."""
    torch.manual_seed(1)
    model = build_model(Architecture("tiny"), image_size=128)
    made = []
    for name, said in (("said", SAID), ("silent", PromptFree())):
        card = ModelCard(architecture="tiny", image_size=128, prompt_free=said)
        path = tmp_path / f"{name}.safetensors"
        save_checkpoint(path, model, card)
        made.append(Sam2Predictor(load_model(path), device="cpu"))
    return made[0], made[1]


def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (90, 110)).astype(np.uint8)


def test_the_token_of_the_card_answers_from_its_cut_off_on(
    predictors: tuple[Sam2Predictor, Sam2Predictor],
) -> None:
    said, silent = predictors
    embedding = said.encode(frame())
    answer = said.decode(embedding, Prompts())
    with torch.no_grad():
        logits, scores = decode_prompts(said._model, embedding.features, PromptBatch())
    expected = (logits[0, 3].numpy() - 0.25) / 2
    assert np.allclose(answer.grid[0], expected, atol=1e-4)
    assert answer.scores[0] == pytest.approx(float(scores[0, 3]), abs=1e-5)
    assert len(answer.scores) == 3
    other = silent.decode(silent.encode(frame()), Prompts())
    assert not np.allclose(other.grid[0], expected, atol=1e-4)


def test_clicks_and_boxes_are_answered_as_ever(
    predictors: tuple[Sam2Predictor, Sam2Predictor],
) -> None:
    point = Prompts(np.array([[40, 50]], np.float32), np.ones(1, np.int8))
    box = Prompts(boxes=np.array([[10, 10, 50, 60]], np.float32))
    for prompts in (point, box):
        said, silent = (one.decode(one.encode(frame()), prompts) for one in predictors)
        assert np.array_equal(said.grid, silent.grid)


def test_a_model_without_a_card_is_left_as_it_is() -> None:
    logits = torch.randn(2, 4, 8, 8)
    same, token = prompt_free_answers(build_model(Architecture("tiny"), 64), logits)
    assert token is None
    assert same is logits


def test_training_asks_the_token_that_will_answer(
    predictors: tuple[Sam2Predictor, Sam2Predictor],
) -> None:
    """What is trained without a prompt is the token of the card, by its cut-off."""
    said, _ = predictors
    session = Session(said._model, LossConfig())
    features = said.encode(frame()).features
    target = torch.zeros(32, 32)
    sample = Sample("f", (90, 110), features, target, "all")
    (trained,) = session.answers(sample)
    shown = said.decode(said.encode(frame()), Prompts()).grid[0]
    assert np.allclose(trained.numpy(), shown, atol=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"token": 4}, {"token": -1}, {"temperature": 0}, {"cutoff": "nan"}]
)
def test_nonsense_in_a_card_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelCard.model_validate({"architecture": "tiny", "prompt_free": wrong})
