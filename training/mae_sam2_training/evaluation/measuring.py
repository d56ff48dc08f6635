"""One frame through one model: every figure that the report is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.evaluation.calibration import Reliability, reliability
from mae_sam2_training.evaluation.config import CLICKS, TARGETS
from mae_sam2_training.evaluation.detection import detect
from mae_sam2_training.evaluation.grader import click_until_right
from mae_sam2_training.metrics import dice, iou, outline_agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mae_sam2_training.evaluation.config import EvaluateConfig
    from mae_sam2_training.evaluation.detection import Detection
    from napari_mae_sam2.model.prediction import Prediction
    from napari_mae_sam2.model.protocol import Embedding, Predictor


@dataclass(frozen=True, slots=True)
class LesionResult:
    """One lesion.

    Attributes
    ----------
    lesion : int
        Its id in the mask.
    area_px : int
    found : bool
        By the prompt-free answer; see `detection.detect`.
    dice, iou, hd95, surface_dice : dict of int to float
        By the number of clicks, those of `config.CLICKS`. After 0 clicks it is the
        pieces of the prompt-free answer that touch the lesion, less what belongs to
        other lesions.
    clicks_to : dict of float to float
        First number of clicks with at least that Dice, for `config.TARGETS`; the
        most that are tried where it was never reached.
    reached : dict of float to bool
        Whether it was.
    """

    lesion: int
    area_px: int
    found: bool
    dice: dict[int, float]
    iou: dict[int, float]
    hd95: dict[int, float]
    surface_dice: dict[int, float]
    clicks_to: dict[float, float]
    reached: dict[float, bool]


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """One frame; everything but `lesions` is of the prompt-free answer.

    Attributes
    ----------
    name, group : str
        Of the case.
    field_px : int
        Pixels of the photographed field.
    wanted_px, called_px : int
        Leakage in truth, and called leakage, within the field or not.
    dice, iou, hd95, surface_dice : float
        NaN where the frame has no leakage: then `false_share` counts.
    false_share : float
        Share of the field that is called leakage where there is none in the frame;
        NaN where there is some.
    area_error_px, area_error_share : float
        Called minus true area, in pixels and as a share of the field.
    counted_lesions, found_lesions : int
        Lesions that are large enough, clicked on or not, and how many were found.
    pieces, right_pieces : int
        Connected pieces called leakage, and how many of them are.
    reliability : Reliability
        Pixels of the field by probability.
    lesions : tuple of LesionResult
        Those that were clicked on, from the largest to the smallest.
    answer : bool array of shape (H, W)
        What was called leakage.
    """

    name: str
    group: str
    field_px: int
    wanted_px: int
    called_px: int
    dice: float
    iou: float
    hd95: float
    surface_dice: float
    false_share: float
    area_error_px: float
    area_error_share: float
    counted_lesions: int
    found_lesions: int
    pieces: int
    right_pieces: int
    reliability: Reliability
    lesions: tuple[LesionResult, ...]
    answer: NDArray[np.bool_]

    def without_answer(self) -> FrameResult:
        """Give the same without the mask, which would fill the memory in the end."""
        return replace(self, answer=np.zeros((0, 0), bool))


def measure_frame(
    predictor: Predictor,
    embedding: Embedding,
    unprompted: Prediction,
    lesions: NDArray[np.uint16],
    field: NDArray[np.bool_],
    config: EvaluateConfig,
    name: str = "",
    group: str = "",
    unsure: NDArray[np.bool_] | None = None,
) -> FrameResult:
    """Measure a model on one frame.

    Parameters
    ----------
    predictor : Predictor
    embedding : Embedding
        Of the frame; clicks are answered from it.
    unprompted : Prediction
        The prompt-free answer, from `napari_mae_sam2.model.tiles.all_leakage`.
    lesions : uint16 array of shape (H, W)
        Ids from 1; all 0 for a frame without leakage.
    field : bool array of shape (H, W)
        From `napari_mae_sam2.fa.field.field_mask`.
    config : EvaluateConfig
    name, group : str
        Handed on.
    unsure : bool array of shape (H, W), optional
        Where nobody can tell: left out of the field, of every mask and of every
        click. None where there is no such area.
    """
    logits = unprompted.logits[0]
    answer: NDArray[np.bool_] = logits > 0
    if unsure is not None:
        field, answer = field & ~unsure, answer & ~unsure
    wanted = lesions > 0
    wanted_px, called_px = int(wanted.sum()), int(answer.sum())
    field_px = max(int(field.sum()), 1)
    detection = detect(answer, lesions, config.overlap, config.min_area)
    nothing = float("nan")
    hd95, surface = (
        outline_agreement(answer, wanted, config.tolerance)
        if wanted_px
        else (nothing, nothing)
    )
    chosen = detection.lesions[: config.lesions or None]
    return FrameResult(
        name=name,
        group=group,
        field_px=field_px,
        wanted_px=wanted_px,
        called_px=called_px,
        dice=dice(answer, wanted) if wanted_px else nothing,
        iou=iou(answer, wanted) if wanted_px else nothing,
        hd95=hd95,
        surface_dice=surface,
        false_share=nothing if wanted_px else int((answer & field).sum()) / field_px,
        area_error_px=float(called_px - wanted_px),
        area_error_share=(called_px - wanted_px) / field_px,
        counted_lesions=len(detection.lesions),
        found_lesions=sum(detection.found),
        pieces=detection.pieces,
        right_pieces=detection.right,
        reliability=reliability(logits, wanted, field, config.bins),
        lesions=tuple(
            _measure_lesion(
                predictor, embedding, lesions, number, found, detection, config, unsure
            )
            for number, found in zip(chosen, detection.found, strict=False)
        ),
        answer=answer,
    )


def _measure_lesion(
    predictor: Predictor,
    embedding: Embedding,
    lesions: NDArray[np.uint16],
    number: int,
    found: bool,
    detection: Detection,
    config: EvaluateConfig,
    unsure: NDArray[np.bool_] | None,
) -> LesionResult:
    lesion = lesions == number
    others = (lesions > 0) & ~lesion
    shown = [detection.touching(lesion) & ~others]
    shown += click_until_right(
        predictor,
        embedding,
        lesion,
        max(CLICKS),
        config.max_clicks,
        max(TARGETS),
        unsure=unsure,
    )
    overlaps = [dice(mask, lesion) for mask in shown]
    # a grader with nothing left to correct clicks no more: the last mask stays
    masks = {clicks: shown[min(clicks, len(shown) - 1)] for clicks in CLICKS}
    outlines = {
        clicks: outline_agreement(mask, lesion, config.tolerance)
        for clicks, mask in masks.items()
    }
    first = {
        target: next(
            (n for n, value in enumerate(overlaps) if n and value >= target), None
        )
        for target in TARGETS
    }
    return LesionResult(
        lesion=number,
        area_px=int(lesion.sum()),
        found=found,
        dice={n: dice(mask, lesion) for n, mask in masks.items()},
        iou={n: iou(mask, lesion) for n, mask in masks.items()},
        hd95={n: outline[0] for n, outline in outlines.items()},
        surface_dice={n: outline[1] for n, outline in outlines.items()},
        clicks_to={t: float(n or config.max_clicks) for t, n in first.items()},
        reached={t: n is not None for t, n in first.items()},
    )
