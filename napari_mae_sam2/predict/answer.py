"""The model's answer to a frame as pixels: lesions and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.lesions import relabel, split_pieces
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.tiles import needs_tiles, segment_in_tiles
from napari_mae_sam2.predict.maps import probability
from napari_mae_sam2.predict.uncertainty import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.prediction import Prediction
    from napari_mae_sam2.model.protocol import Embedding, Predictor

SMALLEST: Final = 12
"""Pixels below which a piece of a prompt-free answer is noise, as in the window."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model says of a frame.

    Attributes
    ----------
    labels : uint16 array of shape (H, W)
        Lesion ids: a number for each piece, or for each prompt.
    probability : uint8 array of shape (H, W)
        255 is certain leakage.
    score : float
        The IoU with the truth that the model expects, 0 to 1; mean over the prompts.
    uncertainty, doubt : float
        See `napari_mae_sam2.predict.uncertainty`; the largest over the prompts.
    spread : float or None
    """

    labels: NDArray[np.uint16]
    probability: NDArray[np.uint8]
    score: float
    uncertainty: float
    doubt: float
    spread: float | None


def asks_tiles(predictor: Predictor, frame: Frame, prompts: Sequence[Prompts]) -> bool:
    """Tell whether a frame is asked in parts, so that its whole is not encoded."""
    return not prompts and needs_tiles(frame.shape, predictor.image_size)


def answer_frame(
    predictor: Predictor,
    frame: Frame,
    prompts: Sequence[Prompts],
    embedding: Embedding | None,
) -> Answer:
    """Ask a model about a frame.

    Parameters
    ----------
    predictor : Predictor
    frame : Frame
    prompts : sequence of Prompts
        One for each lesion, the earlier ones keep their pixels; none for all leakage.
    embedding : Embedding or None
        Of the frame; None where `asks_tiles`.
    """
    if embedding is None:
        found = [segment_in_tiles(predictor, frame.pixels)]
    else:
        found = [predictor.decode(embedding, one) for one in prompts or (Prompts(),)]
    unsure = max((measure(one) for one in found), key=lambda one: one.value)
    return Answer(
        labels=_lesions(found, frame.shape, bool(prompts)),
        probability=_probability(found, frame.shape),
        score=float(np.mean([one.scores[0] for one in found])),
        uncertainty=unsure.value,
        doubt=unsure.doubt,
        spread=unsure.spread,
    )


def _lesions(
    found: list[Prediction], shape: tuple[int, int], prompted: bool
) -> NDArray[np.uint16]:
    labels = np.zeros(shape, np.uint16)
    for number, one in enumerate(found, start=1):
        mask = one.mask()
        if mask.area:
            part = labels[mask.region]
            part[mask.mask & (part == 0)] = number
    if prompted:
        return labels
    pieces = split_pieces(labels)
    small = np.bincount(pieces.ravel()) < SMALLEST
    pieces[small[pieces]] = 0
    return relabel(pieces)[0]


def _probability(found: list[Prediction], shape: tuple[int, int]) -> NDArray[np.uint8]:
    whole = CloseUp.whole(shape)
    logits = found[0].logits_on(0, whole)
    for one in found[1:]:
        np.maximum(logits, one.logits_on(0, whole), out=logits)
    rounded: NDArray[np.uint8] = np.rint(255 * probability(logits)).astype(np.uint8)
    return rounded
