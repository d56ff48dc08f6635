"""The new checkpoint of a run: what its card says, and how it is written."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from mae_sam2_training.engine.atomic import write_bytes
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sam2.modeling.sam2_base import SAM2Base

    from mae_sam2_training.engine.loop import Fitted
    from mae_sam2_training.engine.run import Run
    from napari_mae_sam2.model.checkpoint import LoadedModel

_PRETRAINED = ", pre-trained"


def fine_tuned(
    parent: LoadedModel,
    metrics: Mapping[str, float],
    data: str,
    number: int | None = None,
) -> ModelCard:
    """Make the card of a round.

    What the parent's notes and the end of its name say of a pre-training is left out:
    the decoder has followed now.

    Parameters
    ----------
    parent : LoadedModel
        What the round started from.
    metrics : mapping of str to float
        Held out; those that are not finite are left out, as the Dice after a click is
        where no held-out frame has a lesion.
    data : str
        Hash of the labels.
    number : int, optional
        Of the round in its study; one more than the parent's otherwise.
    """
    return _after(
        parent,
        metrics,
        data,
        name=parent.card.name.removesuffix(_PRETRAINED),
        round=parent.card.round + 1 if number is None else number,
    )


def pre_trained(
    parent: LoadedModel, metrics: Mapping[str, float], data: str, notes: str
) -> ModelCard:
    """Make the card of a masked pre-training; see `fine_tuned`."""
    name = f"MAE-SAM2 {parent.card.architecture}{_PRETRAINED}"
    return _after(parent, metrics, data, name=name, notes=notes)


def _after(
    parent: LoadedModel, metrics: Mapping[str, float], data: str, **changed: Any
) -> ModelCard:
    kept = parent.card.model_dump(exclude={"created", "software", "notes"})
    return ModelCard(
        **kept
        | {
            "parent": parent.fingerprint,
            "data_sha256": data,
            "metrics": {k: v for k, v in metrics.items() if math.isfinite(v)},
        }
        | changed
    )


def write_checkpoint(
    out: Path, model: SAM2Base, card: ModelCard, fitted: Fitted, run: Run
) -> None:
    """Write the checkpoint, `metrics.json` in the run folder, and tell of both.

    Parameters
    ----------
    out : Path
        The checkpoint; it is replaced whole or not at all.
    model : SAM2Base
        With the best weights.
    card : ModelCard
        What it says of itself.
    fitted : Fitted
        How the run ended.
    run : Run
        Its first process.

    Raises
    ------
    CheckpointError
        If a weight is no finite number, or the file cannot be written.
    """
    if fitted.metrics and not fitted.best_step:
        run.reporter.report(
            "note",
            message="No look at the held-out frames was better than the first, so the "
            "weights are those that the run started from.",
        )
    fingerprint = save_checkpoint(out, model, card)
    summary = {
        "metrics": card.metrics,
        "best_step": fitted.best_step,
        "steps": fitted.steps,
        "round": card.round,
        "parent": card.parent,
        "fingerprint": fingerprint,
        "data": card.data_sha256,
    }
    write_bytes(run.folder / "metrics.json", json.dumps(summary, indent=1).encode())
    run.reporter.report("saved", path=str(out), **summary)
