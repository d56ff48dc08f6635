"""`mae-sam2-train pick`: what to label next in a study, written down for each pick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.engine.telling import telling
from mae_sam2_training.rounds.choosing import Judges, choose
from mae_sam2_training.rounds.commands import base_weights
from mae_sam2_training.rounds.decisions import in_use, model_path, stack
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds, add_entry
from mae_sam2_training.rounds.frozen_test import FrozenTest, read_frozen_test
from mae_sam2_training.rounds.places import bench_of
from mae_sam2_training.rounds.running import KEPT
from mae_sam2_training.rounds.strategies import named
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.embedding_cache import EmbeddingCache
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.study.conflicts import InConflict, label_of
from napari_mae_sam2.study.event_log import last_words
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ANSWERED
from napari_mae_sam2.study.verify_rounds import check_file

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.choosing import Pick


def pick(
    folder: Path,
    *,
    strategy: str,
    count: int,
    seed: int = 0,
    base: Path | None = None,
    to: str = "",
    json_progress: bool = False,
) -> list[Pick]:
    """Choose cases without a label that are to be labelled next, and log the choice.

    Cases of patients in the reserved test set are never picked.

    Parameters
    ----------
    folder : Path
        A study.
    strategy : str
        See `strategies`.
    count : int
        How many; fewer where fewer are left.
    seed : int
        The same seed draws the same, of the same cases.
    base : Path, optional
        Weights where no round was promoted; the packaged ones otherwise.
    to : str
        The grader these cases are assigned to; empty for nobody.
    json_progress : bool
        Tell progress as JSON lines.

    Raises
    ------
    PlainError
        If nothing is left to label, or study or weights cannot be used.
    """
    with telling(folder, json_progress) as reporter:
        known = named(strategy)
        study, rounds = Study.open(folder), Rounds(folder)
        candidates, labelled = _sorted(study)
        if not candidates:
            raise RoundError(
                f"Every case of the study {folder.name} is labelled or tests: add "
                "frames."
            )
        judges = _judges(rounds, base)
        reporter.report("note", message=_model(judges, rounds))
        picks = choose(
            known,
            candidates,
            labelled,
            lambda case: study.load_frame(case).pixels,
            judges,
            count,
            np.random.default_rng(seed),
            reporter,
        )
        log = {
            "strategy": strategy,
            "seed": seed,
            "candidates": len(candidates),
            "labelled": len(labelled),
            "model": judges.predictor.fingerprint,
            "round": in_use(rounds).round,
            "to": to or None,
            "picks": [
                {"case": one.name, "strategy": strategy, "score": one.score}
                for one in picks
            ],
        }
        name = add_entry(rounds.folder / "picks", log)
        rounds.note("picked", rounds.folder / "picks" / f"{name}.json")
        for one in picks if to else ():
            study.log.write("assign", case=one.name, details={"to": to})
        reporter.report(
            "picked",
            strategy=strategy,
            cases=[one.name for one in picks],
            message=f"{len(picks)} cases picked by {strategy}:",
        )
    return picks


def _sorted(study: Study) -> tuple[list[str], list[str]]:
    """Tell cases that may be picked from those that are labelled."""
    reserved = read_frozen_test(study.folder) or FrozenTest({}, frozenset())
    kept = reserved.groups_now(study)
    words = last_words(study.log)
    candidates, labelled = [], []
    for case in study.case_ids():
        try:
            newest = label_of(study, case)
        except InConflict:
            continue  # answered, and to be reviewed
        if newest is not None and newest.status in ANSWERED:
            labelled.append(case)
        elif newest is None or newest.status in ("proposed", "in_work"):
            word = words.get(case)
            if word is not None and word.details["status"] == "cannot_grade":
                continue
            if not reserved.keeps(study.case(case), kept):
                candidates.append(case)
    return candidates, labelled


def _model(judges: Judges, rounds: Rounds) -> str:
    predictor, number = judges.predictor, in_use(rounds).round
    used = "its base" if number is None else f"the model of round {number}"
    return (
        f"Model: {predictor.name} ({predictor.fingerprint[:12]}); the study "
        f"{rounds.study.name} uses {used}."
    )


def _judges(rounds: Rounds, base: Path | None) -> Judges:
    paths = [
        base_weights(base) if one.round is None else model_path(rounds, one.round)
        for one in stack(rounds)[-2:]
    ]
    bench = bench_of(rounds.study)
    cache = EmbeddingCache(bench.encoded, KEPT)
    for path in paths:
        check_file(path)
    loaded = [load_model(path) for path in paths]
    predictors = [Sam2Predictor(one, cache=cache) for one in loaded]
    return Judges(
        predictors[-1],
        predictors[0] if len(predictors) > 1 else None,
        loaded[-1],
        bench.folder / "pooled.safetensors",
    )
