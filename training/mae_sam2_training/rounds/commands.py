"""What the commands of `mae-sam2-train` about rounds do, from a study to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mae_sam2_training.config import load_config
from mae_sam2_training.engine.stopping import Stopped
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import model_path, tell_in_use
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.history import keep_history
from mae_sam2_training.rounds.material import Material
from mae_sam2_training.rounds.places import bench_of
from mae_sam2_training.rounds.records import ModelUsed, left_out, nothing_to_tell_by
from mae_sam2_training.rounds.running import run_round
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.weights import WeightsError, find_weights, packaged_weights
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.rounds.records import RoundRecord


def round_of(
    study: Path,
    *,
    base: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> dict[str, Any]:
    """Freeze a round of a study, train it, measure it and say whether it is better.

    Nothing is used by anybody until `promote` says so.

    Parameters
    ----------
    study : Path
        A study folder.
    base : Path, optional
        Weights that no round of the study has made; the packaged ones otherwise.
    config_file : Path, optional
        Recipe in YAML, see `RoundConfig`.
    overrides : sequence of str
        `section.key=value`.
    json_progress : bool
        Tell progress as JSON lines.

    Returns
    -------
    dict
        What `result.json` says.

    Raises
    ------
    PlainError
        If study, recipe, weights or machine do not allow it. The round is marked as
        failed then, and nothing else of it is left.
    Stopped
        If a signal ended it; likewise.
    """
    config = load_config(RoundConfig, config_file, overrides)
    Study.open(study)
    bench, rounds = bench_of(study), Rounds(study)
    with telling(study, json_progress) as reporter, bench.lock():
        for number in rounds.settle():
            reporter.report(
                "note", message=f"Round {number} was killed before it was done."
            )
        record, material = begin(rounds, config, base)
        number = record.number
        reporter.report(
            "start",
            round=number,
            train=len(record.side("train")),
            val=len(record.side("val")),
            test=len(record.side("test")),
            reserved=record.reserved,
            parent=record.parent.fingerprint,
            in_conflict=record.in_conflict,
            damaged=record.damaged,
            in_review=record.in_review,
            leaking_tests=record.leaking_tests,
            message=_opening(record),
        )
        rounds.add_event(number, "started")
        try:
            with bench.work() as work:
                files, result = run_round(material, work, bench.encoded, reporter)
                place = rounds.publish(number, files)
        except (Stopped, KeyboardInterrupt):
            rounds.add_event(number, "cancelled")
            raise
        except Exception as error:
            rounds.add_event(number, "failed", message=str(error))
            raise
        rounds.add_event(number, "done")
        keep_history(rounds)
        tell(reporter, result, place)
    return result


def begin(
    rounds: Rounds, config: RoundConfig, base: Path | None
) -> tuple[RoundRecord, Material]:
    """Freeze a round and say where its files lie.

    Raises
    ------
    PlainError
        If there is nothing to train on, or the weights cannot be used or were
        replaced.
    """
    base_file = base_weights(base)
    base_used = _used(base_file, None)
    now = tell_in_use(rounds)
    in_use_file, in_use_used = base_file, base_used
    if now.round is not None:
        in_use_file = model_path(rounds, now.round)
        in_use_used = _used(in_use_file, now.round)
        if in_use_used.fingerprint != now.fingerprint:
            raise RoundError(
                f"{in_use_file} is no longer the model that was promoted: restore it "
                "from a backup, or roll back."
            )
    record = freeze(rounds, config, base_used, in_use_used)
    return record, Material(record, rounds.study, base_file, in_use_file)


def base_weights(given: Path | None) -> Path:
    """Find the weights that no round has made.

    The grader's last choice is passed over where weights are packaged: it may well be
    a model of an earlier round.
    """
    if given is not None:
        return find_weights(given).path
    try:
        return packaged_weights()
    except WeightsError:
        return find_weights().path


def tell(reporter: Reporter, result: dict[str, Any], place: Path) -> None:
    """Tell how a round was judged and where its result lies."""
    score = result["score"]
    reporter.report(
        "judged",
        round=result["round"],
        proposed=result["proposed"],
        message=result["why"],
        old=score["old"],
        new=score["new"],
        difference=score["difference"],
        low=score["low"],
        high=score["high"],
        failed=[g["name"] for g in result["guards"] if not g["passed"]],
    )
    reporter.report(
        "saved",
        path=str(place),
        round=result["round"],
        fingerprint=result["model"]["fingerprint"],
        metrics=result["training"]["metrics"],
    )


def _used(path: Path, number: int | None) -> ModelUsed:
    loaded = load_model(path)
    return ModelUsed(
        name=loaded.card.title, fingerprint=loaded.fingerprint, round=number
    )


def _named(model: ModelUsed) -> str:
    return f"{model.name} ({model.fingerprint[:12]})"


def _opening(record: RoundRecord) -> str:
    count = {side: len(record.side(side)) for side in ("train", "val", "test")}
    said = (
        f"Round {record.number}: {count['train']} training, {count['val']} validation, "
        f"{count['test']} test cases. It starts from {_named(record.parent)} and is "
        f"compared with {_named(record.in_use)}, the model in use in the study."
    )
    warning = nothing_to_tell_by(record.leaking_tests)
    aside = left_out(record.in_conflict, record.damaged, record.in_review)
    return " ".join(part for part in (said, warning, aside) if part)
