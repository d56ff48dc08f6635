"""Learning from some frames and predicting others, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from mae_sam2_training.classification.folds import stratified_fraction
from mae_sam2_training.classification.head import fit_head
from mae_sam2_training.classification.source import pixels_of
from mae_sam2_training.classification.tuning import tune
from napari_mae_sam2.model.pooling import pooled
from napari_mae_sam2.model.preprocess import to_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

    from mae_sam2_training.classification.config import ClassifyConfig
    from mae_sam2_training.data.manifest import Record
    from napari_mae_sam2.model.checkpoint import LoadedModel
    from napari_mae_sam2.model.head import PooledHead


@dataclass(slots=True)
class Outcome:
    """One encoder's held-out predictions at one share of the labels.

    Attributes
    ----------
    probabilities : float64 array of shape (N, C)
        Of the frames in their order, each from the fold that held it out.
    fold : int array of shape (N,)
        That fold.
    labels : list of int
        Training labels of each fold.
    """

    probabilities: NDArray[np.float64]
    fold: NDArray[np.intp]
    labels: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Encoded:
    """One encoder and the features that it gives."""

    loaded: LoadedModel
    features: torch.Tensor
    outcomes: dict[float, Outcome] = field(default_factory=dict)


def cross_validate(
    model: Encoded,
    records: Sequence[Record],
    truth: NDArray[np.intp],
    folds: Sequence[tuple[list[Record], list[Record]]],
    classes: Sequence[str],
    share: float,
    config: ClassifyConfig,
) -> Outcome:
    """Hold out each fold once and predict it from a share of the others' labels."""
    row_of = {record.image: row for row, record in enumerate(records)}
    outcome = Outcome(
        np.full((len(records), len(classes)), np.nan),
        np.zeros(len(records), np.intp),
    )
    for number, (train, held_out) in enumerate(folds):
        kept = stratified_fraction(train, share, config.seed)
        rows = [row_of[record.image] for record in kept]
        asked = [row_of[record.image] for record in held_out]
        encoder, head = learn(model, records, truth, rows, len(classes), config)
        outcome.probabilities[asked] = _predict(encoder, head, model, records, asked)
        outcome.fold[asked] = number
        outcome.labels.append(len(rows))
    return outcome


def learn(
    model: Encoded,
    records: Sequence[Record],
    truth: NDArray[np.intp],
    rows: list[int],
    classes: int,
    config: ClassifyConfig,
) -> tuple[SAM2Base | None, PooledHead]:
    """Fit a head on some rows, and train the last blocks if the recipe says so.

    Returns
    -------
    tuple of SAM2Base or None, and PooledHead
        None stands for the encoder as it was.
    """
    labels = truth[rows].tolist()
    head = fit_head(
        model.features[rows], torch.tensor(labels), classes, config.head, config.seed
    )
    if config.encoder.what == "head":
        return None, head
    size = model.loaded.model.image_size
    return tune(
        model.loaded.model,
        head,
        len(rows),
        lambda n: to_input(pixels_of(records[rows[n]]), size),
        labels,
        config.encoder,
        config.seed,
    )


@torch.no_grad()
def _predict(
    encoder: SAM2Base | None,
    head: PooledHead,
    model: Encoded,
    records: Sequence[Record],
    rows: list[int],
) -> NDArray[np.float64]:
    if encoder is None:
        features = model.features[rows]
    else:
        device = next(encoder.parameters()).device
        inputs = (to_input(pixels_of(records[row]), encoder.image_size) for row in rows)
        features = torch.cat([pooled(encoder, one.to(device)) for one in inputs])
    probabilities: NDArray[np.float64] = (
        head(features).double().softmax(1).cpu().numpy()
    )
    return probabilities
