from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.candidates import preferred_token
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model, save_checkpoint
from napari_mae_sam2.model.forward import Features, decode_prompts, encode_images
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.prompting import to_batches
from napari_mae_sam2.model.protocol import Cancelled, Predictor, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.model.embedding import FrameEmbedding

SHAPE = (90, 140)


def _prompts(
    points: list[list[float]] | None = None,
    labels: list[int] | None = None,
    boxes: list[list[float]] | None = None,
    mask: np.ndarray | None = None,
) -> Prompts:
    return Prompts(
        points=np.array(points or [], np.float32).reshape(-1, 2),
        labels=np.array(labels or [], np.int8),
        boxes=np.array(boxes or [], np.float32).reshape(-1, 4),
        mask=mask,
    )


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Random weights at a size that encodes in a moment."""
    torch.manual_seed(0)
    model = build_model(Architecture("tiny"), image_size=128)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    card = ModelCard(architecture="tiny", image_size=128, name="Test", round=2)
    save_checkpoint(path, model, card)
    return load_model(path)


@pytest.fixture(scope="module")
def predictor(loaded: LoadedModel) -> Sam2Predictor:
    return Sam2Predictor(loaded, device="cpu")


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)


@pytest.fixture(scope="module")
def embedding(predictor: Sam2Predictor, frame: np.ndarray) -> FrameEmbedding:
    return predictor.encode(frame)


def test_it_is_a_predictor_that_says_what_it_is(
    predictor: Sam2Predictor, loaded: LoadedModel
) -> None:
    as_protocol: Predictor = predictor
    assert as_protocol.name == "Test, round 2"
    assert as_protocol.fingerprint == loaded.fingerprint
    assert predictor.encoder_fingerprint == loaded.encoder_fingerprint
    assert predictor.image_size == 128
    assert predictor.encoder.name == "PyTorch float32 on cpu"


@pytest.mark.parametrize(
    "prompts",
    [
        _prompts(),
        _prompts([[20, 30]], [1]),
        _prompts([[20, 30], [50, 60]], [1, 0]),
        _prompts(boxes=[[10, 10, 50, 50]]),
        _prompts([[20, 30]], [1], [[10, 10, 50, 50]]),
        _prompts(mask=np.zeros((256, 256), np.float32)),
        _prompts([[20, 30]], [1], mask=np.zeros((256, 256), np.float32)),
    ],
    ids=["nothing", "click", "clicks", "box", "box+click", "mask", "mask+click"],
)
def test_every_prompt_gives_three_candidates_at_the_frames_size(
    predictor: Sam2Predictor, embedding: FrameEmbedding, prompts: Prompts
) -> None:
    answer = predictor.decode(embedding, prompts)

    assert answer.logits.shape == (3, *SHAPE)
    assert answer.scores.shape == (3,)
    assert answer.low_res.shape == (3, 256, 256)
    for array in (answer.logits, answer.scores, answer.low_res):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert ((answer.scores >= 0) & (answer.scores <= 1)).all()
    assert np.abs(answer.low_res).max() <= 32
    if len(prompts.points) == 1 and not len(prompts.boxes) and prompts.mask is None:
        assert (np.diff(answer.scores) <= 0).all()
    again = predictor.decode(embedding, prompts)
    np.testing.assert_array_equal(answer.logits, again.logits)


def test_each_of_several_boxes_is_answered_as_if_alone(
    loaded: LoadedModel, predictor: Sam2Predictor, embedding: FrameEmbedding
) -> None:
    boxes = [[5, 5, 30, 40], [40, 60, 80, 130], [10, 90, 35, 120]]
    points, labels = [[20, 20], [60, 100]], [1, 0]
    alone = []
    for prompts in (
        _prompts(points[:1], labels[:1], boxes[:1]),
        _prompts(points[1:], labels[1:], boxes[1:2]),
        _prompts(boxes=boxes[2:]),
    ):
        (batch,) = to_batches(prompts, SHAPE, 128)
        with torch.no_grad():
            logits, scores = decode_prompts(loaded.model, embedding.features, batch)
        alone.append(logits[0, preferred_token(loaded.model, logits, scores)])
    expected = interpolate(torch.stack(alone).amax(dim=0)[None], SHAPE, mode="bilinear")

    answer = predictor.decode(embedding, _prompts(points, labels, boxes))

    assert answer.scores.shape == (1,)
    np.testing.assert_allclose(answer.logits, expected[0].numpy(), atol=1e-4)


def test_set_image_and_predict_are_encode_and_decode(
    loaded: LoadedModel, predictor: Sam2Predictor, frame: np.ndarray
) -> None:
    script = Sam2Predictor(loaded, device="cpu")
    with pytest.raises(RuntimeError, match="set_image"):
        script.predict()

    embedding = script.set_image(frame)

    expected = predictor.decode(embedding, Prompts())
    np.testing.assert_array_equal(script.predict().logits, expected.logits)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((64, 64), np.uint8),
        np.full((64, 64), np.nan),
        np.zeros((1, 1), np.uint8),
        np.zeros((64, 64, 2), np.uint8),
        np.arange(64 * 64).reshape(64, 64),
    ],
    ids=["black", "nan", "one pixel", "two channels", "int64"],
)
def test_what_is_no_frame_is_refused(
    predictor: Sam2Predictor, pixels: np.ndarray
) -> None:
    with pytest.raises(FrameError):
        predictor.encode(pixels)


@pytest.mark.parametrize(
    "convert",
    [
        lambda f: np.repeat(f[..., None], 3, axis=2),
        lambda f: np.concatenate([np.repeat(f[..., None], 3, axis=2)] * 2, -1)[..., :4],
        lambda f: f.astype(np.uint16) * 16 + 100,
        lambda f: f.astype(np.float32) / 255,
        lambda f: f.astype(np.float64),
    ],
    ids=["rgb", "rgba", "uint16", "float32", "float64"],
)
def test_every_kind_of_pixels_is_encoded_alike(
    predictor: Sam2Predictor,
    embedding: FrameEmbedding,
    frame: np.ndarray,
    convert: Callable[[np.ndarray], np.ndarray],
) -> None:
    other = predictor.encode(convert(frame))

    assert other.shape == SHAPE
    difference = (other.features.embedding - embedding.features.embedding).norm()
    assert difference < 0.05 * embedding.features.embedding.norm()


def test_encoding_stops_when_asked_and_works_again(
    predictor: Sam2Predictor, frame: np.ndarray
) -> None:
    asked = []

    def soon() -> bool:
        asked.append(1)
        return len(asked) > 20

    with pytest.raises(Cancelled):
        predictor.encode(frame, soon)
    assert len(asked) == 21
    with pytest.raises(Cancelled):
        predictor.encode(frame, lambda: True)
    assert predictor.encode(frame, lambda: False).shape == SHAPE


def test_an_embedding_of_another_encoder_is_refused_but_not_of_another_decoder(
    loaded: LoadedModel, embedding: FrameEmbedding, tmp_path: Path
) -> None:
    trained = load_model(loaded.path)
    with torch.no_grad():
        trained.model.sam_mask_decoder.mask_tokens.weight += 0.1
    save_checkpoint(tmp_path / "decoder.safetensors", trained.model, trained.card)
    with torch.no_grad():
        trained.model.image_encoder.trunk.pos_embed += 0.1
    save_checkpoint(tmp_path / "encoder.safetensors", trained.model, trained.card)

    decoder = Sam2Predictor(load_model(tmp_path / "decoder.safetensors"), "cpu")
    encoder = Sam2Predictor(load_model(tmp_path / "encoder.safetensors"), "cpu")

    assert decoder.decode(embedding, Prompts()).logits.shape == (3, *SHAPE)
    with pytest.raises(ValueError, match="another encoder"):
        encoder.decode(embedding, Prompts())


def test_another_engine_can_take_the_encoders_place(
    loaded: LoadedModel, frame: np.ndarray
) -> None:
    class Halved:
        name = "half the features"

        def encode(
            self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
        ) -> Features:
            with torch.no_grad():
                features = encode_images(loaded.model, images)
            return Features(features.embedding / 2, features.high_res)

    own = Sam2Predictor(loaded, "cpu").encode(frame)
    other = Sam2Predictor(loaded, "cpu", encoder=Halved()).encode(frame)

    assert torch.equal(other.features.embedding * 2, own.features.embedding)


@pytest.mark.real_data
def test_a_box_around_the_disc_gives_the_disc(
    base_predictor: Sam2Predictor, real_data: Path
) -> None:
    """A plain sanity check on a real frame: (row, column) is not mixed up."""
    folder = real_data / "huapu4_FFA" / "diag_normal"
    frame = read_frame(sorted(folder.glob("*.jpg"))[0])
    height, width = frame.shape
    box = np.array([[0.3 * height, 0.1 * width, 0.6 * height, 0.35 * width]])

    answer = base_predictor.decode(
        base_predictor.encode(frame.pixels), Prompts(boxes=box.astype(np.float32))
    )

    rows, columns = np.nonzero(answer.logits[0] > 0)
    (first_row, first_column, last_row, last_column) = box[0]
    inside = (rows > first_row - 10) & (rows < last_row + 10)
    inside &= (columns > first_column - 10) & (columns < last_column + 10)
    assert len(rows) > 100
    assert inside.mean() > 0.95
