"""From what the grader chose to a model that answers prompts."""

from __future__ import annotations

import logging

from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.weights import (
    WeightsError,
    find_weights,
    packaged_weights,
    remember_weights,
)

log = logging.getLogger(__name__)

PACKAGED = "packaged"
"""The choice that goes back to the model that came with the program."""


def open_predictor(choice: str | None = None) -> Sam2Predictor:
    """Load the weights of a choice and keep it for the next start.

    Parameters
    ----------
    choice : str, optional
        Path of a checkpoint, or `PACKAGED`; None for the last choice or the default.

    Returns
    -------
    Sam2Predictor
        Ready to encode.

    Raises
    ------
    PlainError
        If there are no such weights or they cannot be used.
    """
    path = packaged_weights() if choice == PACKAGED else find_weights(choice).path
    predictor = Sam2Predictor(load_model(path))
    if choice is not None:
        try:
            remember_weights(None if choice == PACKAGED else path)
        except WeightsError as error:
            # The model works; that it is forgotten next time is no reason to refuse.
            log.warning("%s", error)
    return predictor
