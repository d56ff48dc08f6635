"""Classification of whole frames: k folds by patient, with one encoder or two."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import torch

from mae_sam2_training.classification.config import ClassifyConfig
from mae_sam2_training.classification.folds import stratified_folds
from mae_sam2_training.classification.head import save_head
from mae_sam2_training.classification.learning import Encoded, cross_validate, learn
from mae_sam2_training.classification.pooling import PooledFeatures
from mae_sam2_training.classification.reporting import (
    as_json,
    in_words,
    write_predictions,
)
from mae_sam2_training.classification.scores import SCORES
from mae_sam2_training.classification.source import pixels_of, read_labelled
from mae_sam2_training.config import load_config
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.study_folder import study_of
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.memory import GIB, GIB_PER_IMAGE, check_memory
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.evaluation.side_by_side import load_both
from mae_sam2_training.places import check_report_folder
from napari_mae_sam2.model.checkpoint import fingerprint, save_checkpoint
from napari_mae_sam2.model.head import UNNAMED, HeadCard
from napari_mae_sam2.model.predictor import choose_device
from napari_mae_sam2.model.study_weights import weights_for
from napari_mae_sam2.predict.table import COLUMNS
from napari_mae_sam2.predict.told import check_told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

    from mae_sam2_training.data.manifest import Record
    from mae_sam2_training.engine.progress import Reporter
    from napari_mae_sam2.model.checkpoint import LoadedModel


def classify(
    source: Path,
    out: Path,
    *,
    label: str | None = None,
    name: str | None = None,
    weights: Path | None = None,
    against: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> dict[str, Any]:
    """Learn the labels of whole frames, and measure how well.

    Writes `predictions.csv` (held out), `head.safetensors` (fitted on all frames;
    with last_blocks `encoder.safetensors` too) and, last, `metrics.json`, each whole
    or not at all. Pooled features are kept in `out` and not made twice.

    Parameters
    ----------
    source : Path
        A study folder, or a CSV with the columns image and label, and patient where
        known.
    out : Path
        Folder, made if need be.
    label : str, optional
        What is learnt, see `classification.source.read_labelled`; a study needs it.
    name : str, optional
        What the head tells, which names its column in predictions; `label` otherwise.
    weights : Path, optional
        The encoder; that of the model in use in the study, or on this computer,
        otherwise.
    against : Path, optional
        A second encoder to compare it with, on the same folds.
    config_file : Path, optional
        Recipe in YAML, see `ClassifyConfig`.
    overrides : sequence of str
        `section.key=value`.
    json_progress : bool
        Tell progress as JSON lines.

    Returns
    -------
    dict
        What `metrics.json` holds.

    Raises
    ------
    PlainError
        If data, recipe, weights or machine do not allow it.
    """
    config = load_config(ClassifyConfig, config_file, overrides)
    told = check_told(name or label or UNNAMED, COLUMNS)
    check_report_folder(out)
    with telling(out, json_progress) as reporter:
        records = read_labelled(source, label)
        classes = check_labels(records, source)
        folds = stratified_folds(records, config.folds, config.seed)
        chosen = weights_for(weights, study_of(source))
        loaded = load_both(chosen.path, against, config.encoder.image_size or None)
        if config.encoder.what == "last_blocks":
            check_memory(
                max(memory_needed(config, one.model) for one in loaded.values()),
                choose_device(),
                "lower encoder.batch, encoder.blocks or encoder.image_size",
            )
        out.mkdir(parents=True, exist_ok=True)
        reporter.report("note", message=chosen.tell(loaded["A"]))
        reporter.report(
            "start",
            message=f"Learning {len(classes)} classes from {len(records)} frames.",
            total=len(records),
        )
        models = {
            letter: Encoded(one, embed(records, one, out, reporter))
            for letter, one in loaded.items()
        }
        truth = np.array([classes.index(record.label or "") for record in records])
        for model in models.values():
            for share in sorted(set(config.fractions), reverse=True):
                model.outcomes[share] = cross_validate(
                    model, records, truth, folds, classes, share, config
                )
        result = as_json(models, records, truth, classes, config)
        write_predictions(out / "predictions.csv", models, records, truth, classes)
        result["name"] = told
        _save_final(out, models["A"], records, truth, classes, config, result)
        text = json.dumps(result, indent=1, allow_nan=False)
        write_bytes(out / "metrics.json", text.encode())
        reporter.report("note", message=in_words(result))
        reporter.report("saved", path=str(out / "metrics.json"))
    return result


def check_labels(records: Sequence[Record], source: Path) -> list[str]:
    """Give the classes in order.

    Raises
    ------
    DataError
        If a frame has no label, or there are not two classes to tell apart.
    """
    for record in records:
        if not record.label:
            raise DataError(
                f"{record.name} of {source.name} has no label: fill the label "
                "column, or leave the image out."
            )
    classes = sorted({record.label or "" for record in records})
    if len(classes) < 2:
        raise DataError(
            f"All images of {source.name} have the label '{classes[0]}': at least "
            "two classes are needed."
        )
    return classes


def memory_needed(config: ClassifyConfig, model: SAM2Base) -> int:
    """Estimate the memory of training the last blocks, in bytes; an upper bound."""
    pixels = (model.image_size / 1024) ** 2
    part = min(1.0, config.encoder.blocks / len(model.image_encoder.trunk.blocks))
    return int((1.0 + GIB_PER_IMAGE * config.encoder.batch * pixels * part) * GIB)


def embed(
    records: Sequence[Record], loaded: LoadedModel, out: Path, reporter: Reporter
) -> torch.Tensor:
    """Encode and pool every frame once; features of shape (N, F)."""
    model = loaded.model.to(choose_device())
    cache = PooledFeatures(
        out / f"features-{loaded.encoder_fingerprint[:8]}.safetensors",
        model,
        loaded.encoder_fingerprint,
    )
    clock = Clock(0, len(records))
    rows = []
    for done, record in enumerate(records, start=1):
        rows.append(cache.of(pixels_of(record)))
        reporter.report(
            "embed", done=done, total=len(records), eta_s=clock.seconds_left(done)
        )
    cache.save()
    return torch.stack(rows)


def _save_final(
    out: Path,
    model: Encoded,
    records: Sequence[Record],
    truth: NDArray[np.intp],
    classes: Sequence[str],
    config: ClassifyConfig,
    result: dict[str, Any],
) -> None:
    """Fit on every frame, since the folds have told how well that will do."""
    everything = list(range(len(records)))
    encoder, head = learn(model, records, truth, everything, len(classes), config)
    best = max(result["models"]["A"]["fractions"], key=float)
    measured = result["models"]["A"]["fractions"][best]["pooled"]
    metrics = {
        name: measured[name]["value"]
        for name in SCORES
        if measured[name]["value"] is not None
    }
    own = model.loaded.encoder_fingerprint
    if encoder is None:  # that of an earlier run does not belong to this head
        (out / "encoder.safetensors").unlink(missing_ok=True)
    else:
        card = model.loaded.card.model_copy(
            update={
                "parent": model.loaded.fingerprint,
                "notes": "Its last blocks were trained for classification.",
            }
        )
        save_checkpoint(out / "encoder.safetensors", encoder, card)
        own = fingerprint(encoder, encoder_only=True)
    hidden = config.head.hidden if config.head.kind == "mlp" else 0
    size = model.loaded.model.image_size
    told = result["name"]
    card_of_head = HeadCard(tuple(classes), own, size, hidden, metrics, told)
    save_head(out / "head.safetensors", head, card_of_head)
