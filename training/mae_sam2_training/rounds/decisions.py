"""Which model a study uses: promotions, refusals and rollbacks, each a record.

The records decide. `in_use.json` says the same in one small file for programs that
only want to know which model to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import add_entry
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.study.files import to_json, write_file
from napari_mae_sam2.study.in_use import (
    MODEL,
    InUse,
    model_file,
    read_decisions,
    stack_of,
)
from napari_mae_sam2.study.records import RECORD_SCHEMA
from napari_mae_sam2.study.round_results import named

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.folder import Rounds

__all__ = ["MODEL", "InUse", "decisions", "in_use", "model_path", "promote", "stack"]

Action = Literal["promote", "refuse", "rollback"]
IN_USE = "in_use.json"


def decisions(rounds: Rounds) -> list[dict[str, Any]]:
    """Read all decisions of a study, in order.

    Raises
    ------
    StudyError
        If one is damaged, or not as the log of the study says.
    """
    return read_decisions(rounds.study, rounds.covered)


def in_use(rounds: Rounds) -> InUse:
    """Say which model the decisions so far have led to."""
    return stack(rounds)[-1]


def stack(rounds: Rounds) -> list[InUse]:
    """Give the base and what was promoted since, without what was rolled back.

    Two who promote one model at once have promoted it once, and roll it back once.
    """
    return stack_of(decisions(rounds))


def model_path(rounds: Rounds, number: int) -> Path:
    """Give the weights of a round, whether they are there or not."""
    return model_file(rounds.study, number)


def promote(
    rounds: Rounds, number: int, *, by: str = "", note: str = "", force: bool = False
) -> InUse:
    """Use the model of a round from now on.

    Parameters
    ----------
    rounds : Rounds
        Of the study.
    number : int
        The round.
    by, note : str
        Who decided, and why; both are kept.
    force : bool
        Also where the round does not propose it, or was compared with another model
        than the one in use now.

    Raises
    ------
    RoundError
        If the round has no result, its model was replaced, it is in use already, it
        is not to be promoted, or somebody else decided at the same moment.
    """
    result, now = rounds.result(number), in_use(rounds)
    if now.round == number:
        raise RoundError(f"The model of round {number} is in use already.")
    if not force:
        if not result["proposed"]:
            raise RoundError(
                f"Round {number} is not proposed: {result['why']} Use --force to "
                "promote it all the same."
            )
        compared = rounds.read(number).in_use.round
        if compared != now.round:
            raise RoundError(
                f"Round {number} was compared with {named(compared)}, and "
                f"{named(now.round)} is in use now: train a new round, or use --force."
            )
    check_model(rounds, number)
    content = {"fingerprint": result["model"]["fingerprint"], "forced": force}
    return _decide(rounds, "promote", number, by, note, content)


def refuse(rounds: Rounds, number: int, *, by: str = "", note: str = "") -> None:
    """Keep the model in use and note that a round's model is not wanted.

    Raises
    ------
    RoundError
        If the round has no result, or its model is the one in use.
    """
    rounds.result(number)
    if in_use(rounds).round == number:
        raise RoundError(
            f"The model of round {number} is in use: roll back to the one before."
        )
    _decide(rounds, "refuse", number, by, note, {})


def roll_back(rounds: Rounds, *, by: str = "", note: str = "") -> InUse:
    """Use the model again that was in use before the last promotion.

    Raises
    ------
    RoundError
        If the base is in use, or somebody else decided at the same moment.
    """
    now = in_use(rounds)
    if now.round is None:
        raise RoundError(
            f"The study {rounds.study.name} uses its base: there is nothing to roll "
            "back."
        )
    return _decide(rounds, "rollback", now.round, by, note, {})


def check_model(rounds: Rounds, number: int) -> None:
    """Refuse weights that are not those that were measured.

    Raises
    ------
    RoundError
        If the file was replaced.
    CheckpointError
        If it is missing or damaged.
    """
    found = load_model(model_path(rounds, number)).fingerprint
    if found != rounds.result(number)["model"]["fingerprint"]:
        raise RoundError(
            f"{model_path(rounds, number)} is no longer the model that was measured: "
            "restore it from a backup, or train a new round."
        )


def tell_in_use(rounds: Rounds) -> InUse:
    """Write `in_use.json` as the decisions have it, where it says anything else."""
    now = in_use(rounds)
    path = rounds.folder / IN_USE
    content = to_json(
        {
            "schema": RECORD_SCHEMA,
            "round": now.round,
            "fingerprint": now.fingerprint,
            "model": None
            if now.round is None
            else model_path(rounds, now.round).relative_to(rounds.study).as_posix(),
            "decision": now.decision,
        }
    )
    wanted = bool(now.decision) or path.exists()
    if wanted and (not path.exists() or path.read_bytes() != content):
        write_file(path, content)
    return now


def _decide(
    rounds: Rounds,
    action: Action,
    number: int,
    by: str,
    note: str,
    more: dict[str, Any],
) -> InUse:
    from mae_sam2_training.rounds.history import keep_history  # which reads decisions

    before = len(decisions(rounds))
    folder = rounds.folder / "decisions"
    content = {"action": action, "round": number, "by": by, "note": note} | more
    own = add_entry(folder, content)
    rounds.note(action, folder / f"{own}.json", by, round=number, id=own)
    now = tell_in_use(rounds)
    keep_history(rounds)
    place = [one["id"] for one in decisions(rounds)].index(own)
    beaten = action == "promote" and now.round != number
    if beaten or (action == "rollback" and place != before):
        raise RoundError(
            f"Somebody else decided at the same moment: {named(now.round)} is in use; "
            "look at it before you decide again."
        )
    return now
