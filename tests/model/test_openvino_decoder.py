"""The decoder on OpenVINO gives the masks of the model's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_mae_sam2.model.decoder import TorchDecoder
from napari_mae_sam2.model.engine_choice import Engine
from napari_mae_sam2.model.engines import open_decoder, open_encoder
from napari_mae_sam2.model.forward import Features, PromptBatch
from napari_mae_sam2.model.loading import open_predictor
from napari_mae_sam2.model.openvino_conversion import (
    ConversionError,
    conversion_folder,
    find_or_convert,
)
from napari_mae_sam2.model.openvino_decoder import OpenVinoDecoder
from napari_mae_sam2.model.prepared import PreparedDecoder
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.model.checkpoint import LoadedModel

pytest.importorskip("openvino")

SIDE = 128


pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(scope="module")
def loaded(own_home: None, small_loaded: LoadedModel) -> LoadedModel:
    return small_loaded


@pytest.fixture(scope="module")
def converted(loaded: LoadedModel) -> Path:
    return find_or_convert(
        "decoder", loaded.path, loaded.fingerprint, SIDE, lambda: False
    )


@pytest.fixture(scope="module")
def features() -> Features:
    made = torch.Generator().manual_seed(1)
    return Features(
        torch.randn(1, 256, SIDE // 16, SIDE // 16, generator=made),
        (
            torch.randn(1, 32, SIDE // 4, SIDE // 4, generator=made),
            torch.randn(1, 64, SIDE // 8, SIDE // 8, generator=made),
        ),
    )


class _Counting(TorchDecoder):
    """The model's own decoder, which counts what it is asked."""

    asked = 0

    def answer(
        self, features: Features, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.asked += 1
        return super().answer(features, prompts)


def _points(count: int, prompts: int = 1) -> PromptBatch:
    made = torch.Generator().manual_seed(count)
    return PromptBatch(
        SIDE * torch.rand(prompts, count, 2, generator=made),
        torch.arange(count, dtype=torch.int32).remainder(4).expand(prompts, -1),
    )


def _on_mask(prompts: PromptBatch) -> PromptBatch:
    made = torch.Generator().manual_seed(7)
    mask = torch.randn(1, 1, SIDE // 4, SIDE // 4, generator=made)
    return PromptBatch(prompts.xy, prompts.labels, mask)


@pytest.mark.parametrize(
    ("prompts", "left_to_pytorch"),
    [
        (_points(1), 0),
        (_points(2), 0),
        (_points(9), 0),
        (_on_mask(_points(1)), 0),
        (_on_mask(_points(5)), 0),
        (_points(3, prompts=2), 1),
        (PromptBatch(), 1),
        (_on_mask(PromptBatch()), 1),
    ],
)
def test_answers_are_those_of_pytorch(
    converted: Path,
    loaded: LoadedModel,
    features: Features,
    prompts: PromptBatch,
    left_to_pytorch: int,
) -> None:
    rest = _Counting(loaded.model)
    decoder = OpenVinoDecoder(converted, 1, rest)

    logits, scores = decoder.answer(features, prompts)

    expected, expected_scores = TorchDecoder(loaded.model).answer(features, prompts)
    assert rest.asked == left_to_pytorch
    assert (logits.dtype, scores.dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(scores, expected_scores, rtol=1e-3, atol=1e-3)


def test_an_answer_stays_when_the_next_is_given(
    converted: Path, loaded: LoadedModel, features: Features
) -> None:
    decoder = OpenVinoDecoder(converted, 1, TorchDecoder(loaded.model))
    first, _ = decoder.answer(features, _points(1))
    kept = first.clone()
    second, _ = decoder.answer(features, _points(4))
    assert torch.equal(first, kept)
    assert not torch.equal(first, second)


def test_weights_that_changed_meanwhile_are_refused(loaded: LoadedModel) -> None:
    # The encoder is the same after a round, the decoder is not.
    with pytest.raises(ConversionError, match="has changed since it was loaded"):
        find_or_convert(
            "decoder", loaded.path, loaded.encoder_fingerprint, SIDE, lambda: False
        )


def test_other_engines_keep_the_model_s_own(loaded: LoadedModel) -> None:
    encoder = open_encoder(loaded, Engine.TORCH)
    decoder = open_decoder(loaded, Engine.TORCH, encoder)
    assert isinstance(decoder, TorchDecoder)
    assert decoder.name == "PyTorch float32 on cpu"


def test_preparing_stops_while_it_waits_for_the_encoder(loaded: LoadedModel) -> None:
    class NeverThere:
        def wait(self, seconds: float) -> bool:
            return False

    encoder = open_encoder(loaded, Engine.OPENVINO)
    try:
        encoder.wait = NeverThere().wait  # type: ignore[attr-defined]
        decoder = open_decoder(loaded, Engine.OPENVINO, encoder)
        assert isinstance(decoder, PreparedDecoder)
        assert not decoder.wait(0.3)
        decoder.close()
        assert decoder.name.endswith("(OpenVINO float32 was not prepared)")
    finally:
        encoder.close()
    assert not conversion_folder("decoder", "other", SIDE).exists()


def test_a_predictor_answers_clicks_with_it(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 140), np.uint8)
    prompts = Prompts(points=np.array([[40.0, 60.0]]), labels=np.array([1], np.int8))
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    plain = open_predictor(str(loaded.path))
    expected = plain.decode(plain.encode(frame), prompts)
    embedding = plain.encode(frame)
    plain.close()

    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "openvino")
    predictor = open_predictor(str(loaded.path))
    assert isinstance(predictor.decoder, PreparedDecoder)
    assert predictor.decoder.wait(120)
    assert predictor.decoder.name == "OpenVINO float32 on cpu"
    answer = predictor.decode(embedding, prompts)
    predictor.close()
    np.testing.assert_allclose(answer.grid, expected.grid, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(answer.scores, expected.scores, rtol=1e-3, atol=1e-3)
    assert (answer.grid != expected.grid).any()
