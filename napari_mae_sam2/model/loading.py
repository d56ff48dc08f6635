"""From what the grader chose to a model that answers prompts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari_mae_sam2.model.checkpoint import CheckpointError, load_model
from napari_mae_sam2.model.engines import equip
from napari_mae_sam2.model.weights import (
    WeightsError,
    find_weights,
    packaged_weights,
    remember_weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.model.checkpoint import LoadedModel
    from napari_mae_sam2.model.predictor import Sam2Predictor

log = logging.getLogger(__name__)

PACKAGED = "packaged"
"""The choice that goes back to the model that came with the program."""


def open_predictor(
    choice: str | None = None, tell: Callable[[str], None] | None = None
) -> Sam2Predictor:
    """Load the weights of a choice and keep it for the next start.

    Parameters
    ----------
    choice : str, optional
        Path of a checkpoint, or `PACKAGED`; None for the last choice, or the default
        where that is gone or broken.
    tell : callable, optional
        Takes sentences for the grader: how far a download is, or that other weights
        are used than were chosen last.

    Returns
    -------
    Sam2Predictor
        Ready to encode, as `equip` of `napari_mae_sam2.model.engines` makes it.

    Raises
    ------
    PlainError
        If there are no such weights or they cannot be used.
    """
    say = tell or (lambda _sentence: None)
    if choice is None:
        return equip(load_default(say))
    path = packaged_weights() if choice == PACKAGED else find_weights(choice).path
    predictor = equip(load_model(path))
    try:
        remember_weights(None if choice == PACKAGED else path)
    except WeightsError as error:
        # The model works; that it is forgotten next time is no reason to refuse.
        log.warning("%s", error)
    return predictor


def load_default(say: Callable[[str], None]) -> LoadedModel:
    """Load the weights in use; the packaged ones, with a word, where they are broken.

    Raises
    ------
    PlainError
        If there are none, or the download fails.
    """
    weights = find_weights(progress=_Percent(say))
    if weights.note:
        say(weights.note)
    try:
        return load_model(weights.path)
    except CheckpointError as error:
        if weights.source != "chosen":
            raise
        say(f"{error} The packaged model is used instead.")
        return load_model(packaged_weights())


class _Percent:
    """Tells how far a download is, in steps of five percent."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        share = 100 * done // total // 5 * 5 if total else 0
        if share != self._told:
            self._told = share
            self._say(f"Downloading SAM 2's weights: {share} %")
