"""What a classification found, for programs and for people."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

import napari_mae_sam2
from mae_sam2_training.classification.scores import (
    SCORES,
    compare_scores,
    confusion,
    estimate_scores,
    scores,
)
from mae_sam2_training.evaluation.cases import short_names
from mae_sam2_training.evaluation.summary import plain
from mae_sam2_training.evaluation.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from mae_sam2_training.classification.config import ClassifyConfig
    from mae_sam2_training.classification.learning import Encoded
    from mae_sam2_training.data.manifest import Record


def as_json(
    models: dict[str, Encoded],
    records: Sequence[Record],
    truth: NDArray[np.intp],
    classes: Sequence[str],
    config: ClassifyConfig,
) -> dict[str, Any]:
    """Score every model at every share of the labels, per fold and pooled."""
    groups = [record.group for record in records]
    chance: dict[str, Any] = {
        "resamples": config.resamples,
        "confidence": config.confidence,
        "seed": config.seed,
    }
    shares = sorted(set(config.fractions), reverse=True)
    result: dict[str, Any] = {
        "schema": 1,
        "software": f"napari-mae-sam2 {napari_mae_sam2.__version__}",
        "classes": list(classes),
        "frames": {name: int((truth == c).sum()) for c, name in enumerate(classes)},
        "patients": len(set(groups)),
        "settings": config.model_dump(mode="json"),
        "models": {},
        "a_against_b": {},
    }
    for letter, model in models.items():
        by_share = {}
        for share in shares:
            outcome = model.outcomes[share]
            pooled_scores = estimate_scores(
                truth, outcome.probabilities, groups, **chance
            )
            each = [
                scores(
                    truth[outcome.fold == n], outcome.probabilities[outcome.fold == n]
                )
                for n in range(config.folds)
            ]
            table = confusion(
                truth, outcome.probabilities.argmax(1).astype(np.intp), len(classes)
            )
            by_share[f"{share:g}"] = {
                "training_labels": outcome.labels,
                "pooled": {
                    name: plain(asdict(one)) for name, one in pooled_scores.items()
                },
                "folds": [plain(one) for one in each],
                "confusion": table.tolist(),
            }
        result["models"][letter] = {
            "name": model.loaded.card.title,
            "file": model.loaded.path.name,
            "fingerprint": model.loaded.fingerprint,
            "encoder": model.loaded.encoder_fingerprint,
            "fractions": by_share,
        }
    if "B" in models:
        for share in shares:
            a, b = (models[letter].outcomes[share].probabilities for letter in "AB")
            compared = compare_scores(truth, b, a, groups, **chance)
            result["a_against_b"][f"{share:g}"] = {
                name: plain(asdict(one)) for name, one in compared.items()
            }
    return result


def write_predictions(
    path: Path,
    models: dict[str, Encoded],
    records: Sequence[Record],
    truth: NDArray[np.intp],
    classes: Sequence[str],
) -> None:
    """Write one row per model, share of the labels and held-out frame."""
    names = short_names([record.image for record in records])
    rows: list[list[object]] = []
    for letter, model in models.items():
        for share, outcome in model.outcomes.items():
            for n, name in enumerate(names):
                values = outcome.probabilities[n]
                rows.append(
                    [
                        *(letter, model.loaded.card.title, model.loaded.fingerprint),
                        *(share, int(outcome.fold[n]), name),
                        *(classes[truth[n]], classes[int(values.argmax())]),
                        *values.tolist(),
                    ]
                )
    header = ["model", "model_name", "fingerprint", "fraction", "fold", "image"]
    header += ["label", "predicted"]
    write_table(path, [*header, *(f"p_{name}" for name in classes)], rows)


def in_words(result: dict[str, Any]) -> str:
    """Tell the main figures, a line for each model and share of the labels."""
    lines = []
    for letter, model in result["models"].items():
        for share, found in model["fractions"].items():
            told = ", ".join(
                f"{name.replace('_', ' ')} {found['pooled'][name]['value']:.3f}"
                for name in SCORES
                if found["pooled"][name]["value"] is not None
            )
            name = f"{model['name']}, {model['fingerprint'][:12]}"
            lines.append(
                f"Model {letter} ({name}), {float(share):.0%} of the labels: {told}."
            )
    return "\n".join(lines)
