from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.model.prediction import Prediction
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.predict.answer import answer_frame
from napari_mae_sam2.predict.uncertainty import measure

if TYPE_CHECKING:
    from numpy.typing import NDArray


def grid(*boxes: tuple[int, int, int, int], sure: float = 6.0) -> NDArray[np.float32]:
    logits = np.full((64, 64), -sure, np.float32)
    for top, left, bottom, right in boxes:
        logits[top:bottom, left:right] = sure
    return logits


def prediction(*grids: NDArray[np.float32]) -> Prediction:
    scores = np.linspace(0.9, 0.5, len(grids)).astype(np.float32)
    low_res = np.zeros((len(grids), 256, 256), np.float32)
    return Prediction(np.stack(grids), scores, low_res)


@dataclass
class Says:
    """A predictor that answers the n-th question with the n-th prediction."""

    answers: list[Prediction]
    image_size: int = 1024
    asked: list[Prompts] = field(default_factory=list)

    def decode(self, embedding: Any, prompts: Prompts) -> Prediction:
        self.asked.append(prompts)
        return self.answers[len(self.asked) - 1]


def frame() -> Frame:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    return Frame(pixels, "one", None, pixel_sha256(pixels))


def test_pieces_are_numbered_and_specks_are_dropped() -> None:
    says = Says([prediction(grid((5, 5, 15, 15), (30, 30, 50, 40), (60, 60, 62, 62)))])
    answer = answer_frame(says, frame(), (), embedding=object())  # type: ignore[arg-type]
    assert says.asked[0].is_empty
    assert np.bincount(answer.labels.ravel())[1:].tolist() == [100, 200]
    assert answer.labels.dtype == np.uint16
    assert answer.probability[10, 10] > 250
    assert answer.probability[0, 63] < 5
    assert answer.score == np.float32(0.9)


def test_an_empty_answer() -> None:
    says = Says([prediction(grid())])
    answer = answer_frame(says, frame(), (), embedding=object())  # type: ignore[arg-type]
    assert not answer.labels.any()
    assert answer.probability.max() < 5


def test_each_prompt_is_a_lesion_and_the_earlier_keeps_its_pixels() -> None:
    says = Says(
        [prediction(grid((0, 0, 20, 20))), prediction(grid((10, 10, 30, 30), sure=1.0))]
    )
    point = np.array([[5, 5]], np.float32)
    prompts = [Prompts(point, np.ones(1, np.int8))] * 2
    answer = answer_frame(says, frame(), prompts, embedding=object())  # type: ignore[arg-type]
    assert len(says.asked) == 2
    assert np.bincount(answer.labels.ravel())[1:].tolist() == [400, 300]
    assert answer.probability[15, 15] > 250  # the surer of the two
    assert answer.doubt == 1.0  # of the less sure one


def test_what_makes_an_answer_uncertain() -> None:
    sharp = grid((10, 10, 30, 30))
    sure = measure(prediction(sharp, sharp, sharp))
    assert sure.value == 0
    faint = measure(prediction(grid((10, 10, 30, 30), sure=1.0)))
    assert faint.spread is None
    assert faint.value == faint.doubt > 0.9
    other = grid((40, 40, 60, 60))
    torn = measure(prediction(sharp, other, sharp))
    assert torn.doubt == 0
    assert 0.45 < torn.spread < 0.55  # one of the two others agrees
    nothing = measure(prediction(grid(), grid()))
    assert nothing.value == 0
    speck = grid()
    speck[0, 0] = 6
    assert measure(prediction(grid(), speck)).value < 0.15
