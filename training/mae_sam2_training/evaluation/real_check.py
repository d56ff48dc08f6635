"""How good a model is on real leakage: the few figures by which weights are chosen.

The same as an evaluation gives, and quicker: no distances, no intervals, at most a few
lesions per frame, and the best of the three candidates beside the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.clicks import first_click
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.evaluation.grader import click_until_right
from mae_sam2_training.metrics import dice
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.tiles import all_leakage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mae_sam2_training.evaluation.cases import Case
    from napari_mae_sam2.model.protocol import Embedding, Predictor

CLICKS = (1, 3, 5)
LESIONS = 8
"""Lesions per frame that are clicked on: the largest."""
ANSWERED = 0.01
"""Share of the field that leaks from which a frame must get an answer."""


@dataclass(slots=True)
class RealFigures:
    """What was measured, one value per lesion or per frame.

    Attributes
    ----------
    clicks : dict of int to list of float
        Dice of each lesion after so many ideal clicks.
    best_of_three : list of float
        Dice of each lesion after one click, with the best of the three candidates.
    prompt_free : dict of str to float
        Dice of each leaking frame without a prompt, by name.
    false_share : dict of str to float
        Share of the field called leakage, of each frame without leakage, by name.
    answered : list of bool
        For each frame with leakage on more than `ANSWERED` of the field, whether
        anything was called leakage.
    """

    clicks: dict[int, list[float]] = field(
        default_factory=lambda: {n: [] for n in CLICKS}
    )
    best_of_three: list[float] = field(default_factory=list)
    prompt_free: dict[str, float] = field(default_factory=dict)
    false_share: dict[str, float] = field(default_factory=dict)
    answered: list[bool] = field(default_factory=list)

    def add(self, other: RealFigures) -> None:
        """Put the figures of other frames beside these."""
        for n in CLICKS:
            self.clicks[n] += other.clicks[n]
        self.best_of_three += other.best_of_three
        self.prompt_free |= other.prompt_free
        self.false_share |= other.false_share
        self.answered += other.answered

    def summary(self) -> dict[str, float]:
        """Give the means; what no frame speaks of is left out."""
        found = {f"lesion_dice_{n}": self.clicks[n] for n in CLICKS}
        found["best_of_three_1"] = self.best_of_three
        found["image_dice"] = list(self.prompt_free.values())
        found["false_share"] = list(self.false_share.values())
        found["answered"] = [float(one) for one in self.answered]
        return {name: float(np.mean(all_)) for name, all_ in found.items() if all_}


def measure_real(
    predictor: Predictor,
    cases: Sequence[Case],
    *,
    lesions: int = LESIONS,
    told: Callable[[int, NDArray[np.float32]], None] | None = None,
) -> RealFigures:
    """Measure a model on outlined frames; unsure areas are left out.

    Parameters
    ----------
    predictor : Predictor
    cases : sequence of Case
        With masks.
    lesions : int
        Lesions per frame that are clicked on, the largest ones; 0 leaves clicks out.
    told : callable, optional
        Gets the number of each frame and its prompt-free logits, (H, W).

    Raises
    ------
    PlainError
        Naming a file that cannot be used.
    DataError
        If there is no frame.
    """
    if not cases:
        raise DataError("There is no outlined frame to measure on.")
    figures = RealFigures()
    for number, case in enumerate(cases):
        pixels, label = case.read_label()
        embedding = predictor.encode(pixels)
        inside = field_mask(pixels) & ~label.unsure
        if not inside.any():
            continue  # nobody can tell anything of this frame
        logits = all_leakage(predictor, pixels, embedding).logits[0]
        if told is not None:
            told(number, logits)
        answer = (logits > 0) & ~label.unsure
        share = label.leakage.sum() / inside.sum()
        if label.leakage.any():
            figures.prompt_free[case.name] = dice(answer, label.leakage)
        else:
            figures.false_share[case.name] = float((answer & inside).sum()) / float(
                inside.sum()
            )
        if share > ANSWERED:
            figures.answered.append(bool(answer.any()))
        sizes = np.bincount(label.lesions.ravel())
        largest = sorted(lesion_ids(label.lesions), key=lambda n: -sizes[n])[:lesions]
        for one in largest:
            _click(figures, predictor, embedding, label.lesions == one, label.unsure)
    return figures


def _click(
    figures: RealFigures,
    predictor: Predictor,
    embedding: Embedding,
    lesion: NDArray[np.bool_],
    unsure: NDArray[np.bool_],
) -> None:
    """Measure one lesion."""
    most = max(CLICKS)
    shown = click_until_right(
        predictor, embedding, lesion, most, most, 1.0, unsure=unsure
    )
    for n in CLICKS:
        figures.clicks[n].append(dice(shown[min(n, len(shown)) - 1], lesion))
    point = np.array([first_click(lesion)], np.float32)
    answer = predictor.decode(
        embedding, Prompts(points=point, labels=np.ones(1, np.int8))
    )
    masks = (answer.logits[i] > 0 for i in range(len(answer.scores)))
    figures.best_of_three.append(max(dice(mask & ~unsure, lesion) for mask in masks))
