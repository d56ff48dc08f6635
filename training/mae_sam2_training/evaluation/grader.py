"""The simulated grader at the window: clicks on a lesion until it is right.

Uses a predictor exactly as the window does: the candidate shown is the preferred one,
and its low-resolution logits go with the next click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.clicks import first_click, next_click
from mae_sam2_training.metrics import dice
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.model.prediction import prediction_of
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Embedding, Predictor


def click_until_right(
    predictor: Predictor,
    embedding: Embedding,
    lesion: NDArray[np.bool_],
    at_least: int,
    at_most: int,
    enough: float,
    start: NDArray[np.bool_] | None = None,
    unsure: NDArray[np.bool_] | None = None,
) -> list[NDArray[np.bool_]]:
    """Hold a session about one lesion and give the masks shown after each click.

    The first click goes to the deepest point of the lesion, each later one, or each
    where a mask is corrected, to the deepest point of the largest connected area of
    error.

    Parameters
    ----------
    predictor : Predictor
    embedding : Embedding
        Of the frame, from the same predictor.
    lesion : bool array of shape (H, W)
        Not empty.
    at_least, at_most : int
        Clicks. Between the two the grader stops as soon as the mask is good enough.
    enough : float
        Dice at which it is.
    start : bool array of shape (H, W), optional
        A patch to be corrected, not empty; it goes with the first click as it does
        when a patch is edited at the window.
    unsure : bool array of shape (H, W), optional
        Where nobody can tell: left out of the masks, so nothing is corrected there.

    Returns
    -------
    list of bool array of shape (H, W)
        After 1, 2, ... clicks; fewer than `at_least` where nothing was left to
        correct.
    """
    points: list[tuple[int, int]] = []
    labels: list[int] = []
    low_res: NDArray[np.float32] | None = None
    shown: list[NDArray[np.bool_]] = []
    click: tuple[int, int, int] | None
    if start is None:
        click = *first_click(lesion), 1
    else:
        patch = PlacedMask(0, 0, start).trimmed()
        area = CloseUp.whole(lesion.shape)
        low_res = prediction_of(patch, area, lesion.shape).low_res[0]
        click = next_click(lesion, start)
    while click is not None:
        points.append(click[:2])
        labels.append(click[2])
        answer = predictor.decode(
            embedding,
            Prompts(
                points=np.array(points, np.float32),
                labels=np.array(labels, np.int8),
                mask=low_res,
            ),
        )
        mask: NDArray[np.bool_] = answer.mask().on(lesion.shape)
        if unsure is not None:
            mask = mask & ~unsure
        low_res = answer.low_res[0]
        shown.append(mask)
        if len(shown) >= at_most:
            break
        if len(shown) >= at_least and dice(mask, lesion) >= enough:
            break
        click = next_click(lesion, mask)
    return shown
