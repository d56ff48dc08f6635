"""A frozen round is trained, measured and judged; what comes out is whole files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from mae_sam2_training.config import dump_config
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.report import Page, write_report
from mae_sam2_training.evaluation.side_by_side import Measured, measure
from mae_sam2_training.evaluation.summary import compare_models, plain, summarize
from mae_sam2_training.evaluation.tables import write_frames, write_lesions
from mae_sam2_training.finetune import finetune
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.cost import Stopwatch, counted
from mae_sam2_training.rounds.decisions import MODEL
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.helping import CALL, WORK, calling
from mae_sam2_training.rounds.judging import box_answers, changes, judge
from mae_sam2_training.rounds.places import machine_code
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.embedding_cache import EmbeddingCache
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.study.round_answers import answers_file, encode_answers

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from mae_sam2_training.engine.progress import Event, Reporter
    from mae_sam2_training.rounds.judging import Verdict
    from mae_sam2_training.rounds.material import Material

KEPT = 4 * 2**30
"""Bytes of embeddings of measured frames that are kept between rounds."""


class _Training:
    """Hands on what a training tells, as a part of the round."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def report(self, event: Event, **values: object) -> None:
        """Hand on; the start is a phase here, and the round has its own `saved`."""
        if event == "saved":
            return
        if event == "start":
            del values["run"]
            self._reporter.report("phase", phase="train", **values)
        else:
            self._reporter.report(event, **values)

    def close(self) -> None:
        """Leave the reporter to the round."""


def help_training(work: Path) -> None:
    """Be a further process of the training in a work folder."""
    said = json.loads((work / CALL).read_text(encoding="utf-8"))
    os.environ[WORK] = str(work)  # for those that Fabric starts from here
    _train(work, said["parent"], said["number"], None)


def run_round(material: Material, work: Path, encoded: Path, reporter: Reporter) -> Any:
    """Train, measure and judge a frozen round.

    Parameters
    ----------
    material : Material
        Frames, labels and weights.
    work : Path
        Folder for everything on the way, and for the result.
    encoded : Path
        Folder of embeddings that stays.
    reporter : Reporter
        Told of the progress.

    Returns
    -------
    tuple of dict of str to bytes and dict
        The files of the result, and what `result.json` among them says.

    Raises
    ------
    PlainError
        If the data, the weights or the machine do not allow it.
    Stopped
        If a signal ended it.
    """
    watch, record = Stopwatch(reporter), material.record
    config = RoundConfig.model_validate(record.config)
    material.check()
    material.write_manifest(work / "manifest.csv")
    write_bytes(work / "recipe.yaml", dump_config(config.finetune).encode())
    parent = str(material.parent.absolute())
    said = {"parent": parent, "number": record.number}
    write_bytes(work / CALL, json.dumps(said).encode())
    known = _names(work / "run" / "embeddings")
    with calling(work):
        _train(work, parent, record.number, _Training(watch))
    views = len(_names(work / "run" / "embeddings") - known)
    model = work / MODEL
    trained = json.loads((work / "run" / "metrics.json").read_text(encoding="utf-8"))
    answers: dict[str, bytes] = {}
    measured, verdict = _measure(material, model, config, encoded, watch, answers)
    watch.lap("judged")
    result = {
        "schema": 1,
        "round": record.number,
        "model": {
            "name": measured["A"].name,
            "fingerprint": measured["A"].fingerprint,
        },
        **verdict.as_json(),
        "training": trained,
        "test_sha256": record.test_sha256,
        "cases": _cases(measured),
    }
    if measured["A"].frames:
        result |= _report(material, measured, config, work)
    result |= {
        "minutes": watch.total / 60,
        "machine": machine_code(),
        "cost": counted(watch, views, len(record.side("val"))),
    }
    result_file = work / "result.json"
    write_bytes(result_file, json.dumps(result, indent=1, allow_nan=False).encode())
    names = ("report.html", "per_image.csv", "per_lesion.csv", "result.json", MODEL)
    paths = [work / name for name in names]
    paths.append(work / "run" / "metrics.csv")
    files = {path.name: path.read_bytes() for path in paths if path.is_file()}
    return files | answers, result


def _cases(measured: dict[str, Measured]) -> list[dict[str, Any]]:
    found = changes(measured["B"].frames, measured["A"].frames)
    return [plain(row) for row in found]


def _names(folder: Path) -> set[str]:
    return set(os.listdir(folder)) if folder.is_dir() else set()


def _train(work: Path, parent: str, number: int, part_of: Reporter | None) -> None:
    from pathlib import Path

    finetune(
        work / "manifest.csv",
        work / MODEL,
        config_file=work / "recipe.yaml",
        weights=Path(parent),
        run_folder=work / "run",
        part_of=part_of,
        number=number,
    )


def _measure(
    material: Material,
    model: Path,
    config: RoundConfig,
    encoded: Path,
    reporter: Reporter,
    answers: dict[str, bytes],
) -> tuple[dict[str, Measured], Verdict]:
    """Measure the new model (A) and the one in use (B); keep what each called so."""
    cases = material.test_cases()
    reporter.report(
        "phase",
        phase="measure",
        message=f"Comparing old and new model on {len(cases)} test cases.",
    )
    cache = EmbeddingCache(encoded, KEPT)
    loaded = {"A": load_model(model), "B": load_model(material.in_use)}
    _check_weights(loaded["B"].fingerprint, material.record.in_use.fingerprint)
    predictors = {k: Sam2Predictor(one, cache=cache) for k, one in loaded.items()}
    measured = {
        letter: Measured(one.name, loaded[letter].path.name, one.fingerprint)
        for letter, one in predictors.items()
    }

    def keep(case: str, found: dict[str, NDArray[np.bool_]]) -> None:
        answers[answers_file(case)] = encode_answers(found["B"], found["A"])

    measure(cases, predictors, measured, config.evaluate, reporter, keep)
    boxes = None
    if config.guards.discs:
        reporter.report(
            "phase", phase="guards", message="Checking what the new model must not do."
        )
        base = predictors["B"]
        if material.base != material.in_use:
            base = Sam2Predictor(load_model(material.base), cache=cache)
        boxes = box_answers(base, config), box_answers(predictors["A"], config)
    verdict = judge(
        measured["B"].frames,
        measured["A"].frames,
        material.test_kinds(),
        boxes,
        config,
    )
    return measured, verdict


def _check_weights(found: str, wanted: str) -> None:
    if found != wanted:
        raise RoundError(
            "The weights of the model in use are not those that the round was frozen "
            "with: restore the file from a backup, or begin a new round."
        )


def _report(
    material: Material, measured: dict[str, Measured], config: RoundConfig, work: Path
) -> dict[str, Any]:
    """Write the report of old against new; give the figures for `result.json`."""
    evaluate = config.evaluate
    summaries = {k: summarize(one.frames, evaluate) for k, one in measured.items()}
    compared = compare_models(measured["B"].frames, measured["A"].frames, evaluate)
    write_frames(work / "per_image.csv", measured)
    write_lesions(work / "per_lesion.csv", measured)
    page = Page(
        source=f"round {material.record.number}",
        split="test",
        models=measured,
        summaries=summaries,
        compared=compared,
        config=evaluate,
    )
    write_report(work / "report.html", page)
    return {
        "new": summaries["A"].as_json(),
        "old": summaries["B"].as_json(),
        "compared": {key: plain(asdict(one)) for key, one in compared.items()},
    }
