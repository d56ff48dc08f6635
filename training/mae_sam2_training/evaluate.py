"""Evaluation: one model, or two side by side, on labelled frames, and the report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import napari_mae_sam2
from mae_sam2_training.config import load_config
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.study_folder import read_source
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.evaluation.cases import (
    choose_split,
    labelled_cases,
    negative_cases,
    some,
)
from mae_sam2_training.evaluation.config import EvaluateConfig
from mae_sam2_training.evaluation.measuring import measure_frame
from mae_sam2_training.evaluation.overlay import overlay
from mae_sam2_training.evaluation.report import Page, write_report
from mae_sam2_training.evaluation.summary import compare_models, plain, summarize
from mae_sam2_training.evaluation.tables import write_frames, write_lesions
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.weights import find_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.evaluation.cases import Case
    from mae_sam2_training.evaluation.measuring import FrameResult
    from mae_sam2_training.evaluation.summary import Summary


@dataclass(slots=True)
class Measured:
    """One model and what was measured of it.

    Attributes
    ----------
    name : str
        Of the model and its round.
    file : str
        Name of its file.
    fingerprint : str
        Hash of its weights.
    frames : list of FrameResult
        In the order of the cases; without their masks.
    pictures : list of bytes
        A JPEG of each.
    """

    name: str
    file: str
    fingerprint: str
    frames: list[FrameResult] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)


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
        The model; the weights in use otherwise.
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
    if out.exists() and not out.is_dir():
        raise RunError(f"{out} is a file: give --out the name of a folder.")
    with telling(out, json_progress) as reporter:
        records, split = choose_split(read_source(source), config.split)
        cases = some(
            labelled_cases(records, config.foreground), config.frames, config.seed
        )
        without = [] if negatives is None else negative_cases(negatives)
        check_cases(cases, without)
        cases += without
        out.mkdir(parents=True, exist_ok=True)
        files = {"A": find_weights(weights).path}
        if against is not None:
            files["B"] = find_weights(against).path
        predictors = {
            letter: Sam2Predictor(load_model(file)) for letter, file in files.items()
        }
        reporter.report("start", message=_opening(cases, predictors), total=len(cases))
        measured = {
            letter: Measured(one.name, files[letter].name, one.fingerprint)
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
        results = {letter: model.frames for letter, model in measured.items()}
        write_frames(out / "per_image.csv", results)
        write_lesions(out / "per_lesion.csv", results)
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


def measure(
    cases: Sequence[Case],
    predictors: dict[str, Sam2Predictor],
    measured: dict[str, Measured],
    config: EvaluateConfig,
    reporter: Reporter,
) -> None:
    """Measure every model on every case; a frame is encoded once per encoder.

    Parameters
    ----------
    cases : sequence of Case
    predictors : dict of str to Sam2Predictor
        By letter.
    measured : dict of str to Measured
        Where the results are added, by letter.
    config : EvaluateConfig
    reporter : Reporter
        Is told of every frame.
    """
    clock = Clock(0, len(cases))
    for done, case in enumerate(cases, start=1):
        pixels, lesions = case.read()
        in_field = field_mask(pixels)
        embeddings: dict[tuple[str, int], Any] = {}
        for letter, predictor in predictors.items():
            # models that differ in the decoder alone share the embedding
            encoder = predictor.encoder_fingerprint, predictor.image_size
            if encoder not in embeddings:
                embeddings[encoder] = predictor.encode(pixels)
            result = measure_frame(
                predictor,
                embeddings[encoder],
                lesions,
                in_field,
                config,
                case.name,
                case.group,
            )
            measured[letter].pictures.append(
                overlay(pixels, lesions > 0, result.answer)
            )
            measured[letter].frames.append(result.without_answer())
        reporter.report(
            "measure", done=done, total=len(cases), eta_s=clock.seconds_left(done)
        )


def check_cases(cases: Sequence[Case], negatives: Sequence[Case] = ()) -> None:
    """Read every frame and mask once, so that bad data ends the command at its start.

    Parameters
    ----------
    cases : sequence of Case
        With masks.
    negatives : sequence of Case
        Known to be without leakage.

    Raises
    ------
    PlainError
        Naming the first file that cannot be used.
    DataError
        If there is no lesion in any of them.
    """
    for case in negatives:
        case.read()
    lesions = [int(case.read()[1].max()) for case in cases]
    if not any(lesions):
        raise DataError(
            f"None of the {len(cases)} labelled frames has any leakage: add some that "
            "have, and give frames without leakage with --negatives FOLDER."
        )


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
