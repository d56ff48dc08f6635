"""What the next round of a study would be, before it is begun: labels, time, memory."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

from mae_sam2_training.config import load_config
from mae_sam2_training.engine.memory import GIB, available_bytes
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.finetune import memory_needed
from mae_sam2_training.rounds.commands import base_weights
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.cost import TYPICAL, Cost, cost_from
from mae_sam2_training.rounds.decisions import in_use, model_path
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import divide
from mae_sam2_training.rounds.places import machine_code
from mae_sam2_training.rounds.records import left_out, nothing_to_tell_by
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.rounds.freezing import Divided
    from napari_mae_sam2.study.folder import Labelled


def estimate(
    study: Path,
    *,
    base: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> dict[str, Any]:
    """Say what a round would train on, how long it would take and what memory.

    Nothing is frozen or written.

    Parameters
    ----------
    study, base, config_file, overrides, json_progress
        As for `round_of`.

    Returns
    -------
    dict
        The keys of the event `estimate`, see docs/progress.md.

    Raises
    ------
    PlainError
        If study, recipe or weights do not allow a round.
    """
    with telling(study, json_progress) as reporter:
        config = load_config(RoundConfig, config_file, overrides)
        rounds = Rounds(Study.open(study).folder)
        divided = divide(rounds, config)
        sides = Counter(divided.side(one) for one in divided.labelled)
        cost = _last_cost(rounds)
        need = memory_needed(config.finetune, _image_size(rounds, config, base))
        free = available_bytes(torch.device("cpu"))
        told: dict[str, Any] = {
            **{side: sides[side] for side in ("train", "val", "test")},
            "new": _unseen(rounds, divided),
            "reserved": divided.reserved is not None,
            "in_conflict": divided.in_conflict,
            "damaged": divided.damaged,
            "in_review": divided.in_review,
            "leaking_tests": divided.leaking_tests,
            "steps": config.finetune.loop.steps,
            "seconds": _seconds(cost or TYPICAL, divided, config, rounds),
            "measured": cost is not None,
            "memory_gib": need / GIB,
            "free_gib": None if free is None else free / GIB,
        }
        reporter.report("estimate", message=in_words(told), **told)
    return told


def in_words(told: dict[str, Any]) -> str:
    """Say an estimate in a few sentences for a person."""
    minutes = max(1, round(told["seconds"] / 60))
    basis = (
        "as the last round on this computer"
        if told["measured"]
        else "as on a laptop of two cores"
    )
    free = "" if told["free_gib"] is None else f" of {told['free_gib']:.1f} GiB free"
    said = (
        f"{told['train']} training, {told['val']} validation, {told['test']} test; "
        f"{told['new']} {'is' if told['new'] == 1 else 'are'} new. "
        f"Up to {told['steps']} steps, about {minutes} min {basis}, and "
        f"{told['memory_gib']:.1f} GiB of memory{free}."
    )
    warning = nothing_to_tell_by(told.get("leaking_tests"))
    aside = left_out(told["in_conflict"], told["damaged"], told.get("in_review") or ())
    return " ".join(part for part in (warning, said, aside) if part)


def _seconds(
    cost: Cost, divided: Divided, config: RoundConfig, rounds: Rounds
) -> float:
    """Reckon the longest way: all steps, and augmented views made anew."""
    sides = Counter(divided.side(one) for one in divided.labelled)
    loop, train = config.finetune.loop, config.finetune.train
    views = 0
    if train.what == "decoder":
        seen = _seen(rounds)
        plain = [one for one in divided.labelled if divided.side(one) != "test"]
        views = sum(_key(one) not in seen for one in plain)
        views += (train.views - 1) * sides["train"]
    looks = 1 + -(-loop.steps // loop.validate_every)
    return cost.seconds(
        views,
        loop.steps,
        looks * sides["val"],
        sides["test"],
        bool(config.guards.discs),
    )


def _image_size(rounds: Rounds, config: RoundConfig, base: Path | None) -> int:
    path, used = base_weights(base), in_use(rounds).round
    if config.start == "in_use" and used is not None:
        path = model_path(rounds, used)
    return config.finetune.train.side or load_model(path).model.image_size


def _last_cost(rounds: Rounds) -> Cost | None:
    """Give what the last round on this computer took; None where there was none."""
    own = machine_code()
    for number in reversed(rounds.numbers()):
        with suppress(Exception):  # a damaged result costs an estimate, no round
            result = rounds.result(number)
            if result.get("machine") == own:
                return cost_from(result["cost"])
    return None


def _seen(rounds: Rounds) -> set[tuple[str, str]]:
    """Give frames and labels of the last round here, whose embeddings are kept."""
    own = machine_code()
    for number in reversed(rounds.numbers()):
        record = rounds.read(number)
        if record.machine == own and rounds.status(number) == "done":
            members = (m for m in record.members if m.side != "test")
            return {(m.frame_sha256, m.label_sha256) for m in members}
    return set()


def _key(one: Labelled) -> tuple[str, str]:
    return one.revision.frame_sha256, one.revision.label_sha256


def _unseen(rounds: Rounds, divided: Divided) -> int:
    """Count labels that no round has had yet."""
    numbers = rounds.numbers()
    members = (m for number in numbers for m in rounds.read(number).members)
    known = {m.revision for m in members}
    return sum(one.revision.id not in known for one in divided.labelled)
