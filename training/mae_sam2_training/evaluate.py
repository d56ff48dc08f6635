"""Evaluation: one model, or two side by side, on labelled frames, and the report."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import napari_mae_sam2
from mae_sam2_training.config import load_config
from mae_sam2_training.data.study_folder import read_source, study_of
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.evaluation.cases import (
    choose_split,
    labelled_cases,
    negative_cases,
    some,
)
from mae_sam2_training.evaluation.config import EvaluateConfig
from mae_sam2_training.evaluation.report import Page, write_report
from mae_sam2_training.evaluation.side_by_side import (
    Measured,
    check_cases,
    load_both,
    measure,
)
from mae_sam2_training.evaluation.summary import compare_models, plain, summarize
from mae_sam2_training.evaluation.tables import write_frames, write_lesions
from mae_sam2_training.places import check_report_folder
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.study_weights import weights_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.evaluation.cases import Case
    from mae_sam2_training.evaluation.summary import Summary


def evaluate(
    source: Path,
    out: Path,
    *,
    weights: Path | None = None,
    against: Path | None = None,
    negatives: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> dict[str, Summary]:
    """Measure a model on labelled frames and write the report.

    Writes `per_image.csv`, `per_lesion.csv`, `report.html` and, last,
    `summary.json`, each of them whole or not at all.

    Parameters
    ----------
    source : Path
        A study folder or a manifest.
    out : Path
        Folder for the report, made if need be.
    weights : Path, optional
        The model; the one that the study uses, or the weights in use, otherwise.
    against : Path, optional
        A second model to compare it with, on the same frames.
    negatives : Path, optional
        Folder of frames that are known to show no leakage.
    config_file : Path, optional
        Settings in YAML, see `EvaluateConfig`.
    overrides : sequence of str
        `key=value`.
    json_progress : bool
        Tell progress as JSON lines.

    Returns
    -------
    dict of str to Summary
        By the model's letter: "A", and "B" for `against`.

    Raises
    ------
    PlainError
        If data, settings, weights or machine do not allow it.
    """
    config = load_config(EvaluateConfig, config_file, overrides)
    check_report_folder(out)
    with telling(out, json_progress) as reporter:
        records, split = choose_split(read_source(source), config.split)
        cases = some(
            labelled_cases(records, config.foreground), config.frames, config.seed
        )
        without = [] if negatives is None else negative_cases(negatives)
        check_cases(cases, without)
        cases += without
        out.mkdir(parents=True, exist_ok=True)
        chosen = weights_for(weights, study_of(source))
        loaded = load_both(chosen.path, against)
        predictors = {letter: Sam2Predictor(one) for letter, one in loaded.items()}
        reporter.report("note", message=chosen.tell(loaded["A"]))
        reporter.report("start", message=_opening(cases, predictors), total=len(cases))
        measured = {
            letter: Measured(one.name, loaded[letter].path.name, one.fingerprint)
            for letter, one in predictors.items()
        }
        measure(cases, predictors, measured, config, reporter)
        summaries = {
            letter: summarize(model.frames, config)
            for letter, model in measured.items()
        }
        compared = (
            compare_models(measured["B"].frames, measured["A"].frames, config)
            if "B" in measured
            else {}
        )
        write_frames(out / "per_image.csv", measured)
        write_lesions(out / "per_lesion.csv", measured)
        page = Page(
            source=source.name,
            split=split,
            models=measured,
            summaries=summaries,
            compared=compared,
            config=config,
        )
        write_report(out / "report.html", page)
        record = as_json(page)
        text = json.dumps(record, indent=1, allow_nan=False)
        write_bytes(out / "summary.json", text.encode())
        reporter.report("saved", path=str(out / "report.html"))
    return summaries


def as_json(page: Page) -> dict[str, Any]:
    """Everything that was measured, as plain values for other programs."""
    return {
        "schema": 1,
        "software": f"napari-mae-sam2 {napari_mae_sam2.__version__}",
        "source": page.source,
        "split": page.split,
        "settings": page.config.model_dump(mode="json"),
        "models": {
            letter: {
                "name": model.name,
                "file": model.file,
                "fingerprint": model.fingerprint,
                **page.summaries[letter].as_json(),
            }
            for letter, model in page.models.items()
        },
        "a_against_b": {key: plain(asdict(one)) for key, one in page.compared.items()},
    }


def _opening(cases: Sequence[Case], predictors: dict[str, Sam2Predictor]) -> str:
    names = " and ".join(one.name for one in predictors.values())
    device = next(iter(predictors.values())).device
    return f"Measuring {names} on {len(cases)} frames on {device}."
