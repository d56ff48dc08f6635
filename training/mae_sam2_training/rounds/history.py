"""What every round of a study brought: the figures, as JSON."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_mae_sam2
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.rounds.decisions import decisions, in_use
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.seals import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.rounds.folder import Rounds
    from mae_sam2_training.rounds.records import Member, RoundRecord

Row = dict[str, Any]
log = logging.getLogger(__name__)
_NEW = ("new_cases", "clicks_per_case", "minutes_per_case")
_FROZEN = ("created", "start", "labels", "test_cases")
SOFTWARE = f"napari-mae-sam2 {napari_mae_sam2.__version__}"


def history(rounds: Rounds) -> list[Row]:
    """Collect what is known of every round, the first one first.

    Returns
    -------
    list of dict
        `round`, `created`, `status`, `start`, `labels` (training cases), `new_cases`
        (labelled since the round before), `clicks_per_case` and `minutes_per_case`
        (means of these, as far as they were counted), `test_cases`,
        `test_changed` (measured on other cases or labels than the round before),
        `proposed`, `decision`, `in_use`, `score`, `image_dice` and `lesion_dice_1`
        (with `value`, `low`, `high`), `area_agreement_icc`. None where not known, as
        where the record or result of the round, or the record of the one before, is
        damaged, which the log says.

    Raises
    ------
    StudyError
        If a decision or event is damaged.
    """
    decided = {one["round"]: one["action"] for one in decisions(rounds)}
    used = in_use(rounds).round
    rows: list[Row] = []
    seen: set[str] = set()
    tested: str | None = None
    is_known = True
    for number in rounds.numbers():
        status = rounds.status(number)
        row: Row = {
            "round": number,
            "status": status,
            "decision": decided.get(number),
            "in_use": number == used,
        }
        try:
            record = rounds.read(number)
        except PlainError as error:
            log.warning("%s", error)
            row |= dict.fromkeys((*_FROZEN, *_NEW)) | {"test_changed": False}
            is_known, tested = False, None
        else:
            row |= _frozen(record, seen, tested)
            if not is_known:  # which of its cases are new, that round alone could tell
                row |= dict.fromkeys(_NEW)
            is_known = True
            seen |= {member.case for member in record.members}
            tested = record.test_sha256
        rows.append(row | _measured(rounds, number, status))
    return rows


def keep_history(rounds: Rounds) -> None:
    """Write `history.json` anew after a round or a decision, for the window.

    Where that fails the round or decision stands all the same.
    """
    try:
        write_rows(history(rounds), rounds, rounds.folder)
    except (OSError, PlainError, KeyError, TypeError) as error:  # a foreign result
        log.warning("history.json was not written: %s", error)


def write_rows(rows: Sequence[Row], rounds: Rounds, folder: Path) -> None:
    """Write `history.json` into a folder."""
    content = {
        "schema": 1,
        "software": SOFTWARE,
        "rounds": rows,
        "answers": [improving(rows), faster(rows)],
        "decisions": len(decisions(rounds)),
    }
    text = json.dumps(sealed(content), indent=1, allow_nan=False)
    write_bytes(folder / "history.json", text.encode())


def improving(rows: Sequence[Row]) -> str:
    """Say in a sentence whether the last round that was measured was an improvement."""
    measured = [row for row in rows if row["score"] and row["score"]["count"]]
    if not measured:
        return "No round was measured on a test case with leakage yet."
    last = measured[-1]
    score = last["score"]
    change = f"by {score['difference']:+.3f} against the model in use then"
    if score["low"] is None:
        return (
            f"Round {last['round']} changed the score {change}; one test patient alone "
            "says nothing of how certain that is."
        )
    within = f"{change} ({score['low']:+.3f} to {score['high']:+.3f})"
    if score["low"] > 0:
        return (
            f"It is still improving: round {last['round']} changed the score {within}."
        )
    if score["high"] < 0:
        return f"Round {last['round']} made it worse: the score changed {within}."
    return f"Round {last['round']} brought nothing certain: the score changed {within}."


def faster(rows: Sequence[Row]) -> str:
    """Say in a sentence whether the grader needs less than in the first round."""
    told = []
    for key, words in (("clicks_per_case", "clicks"), ("minutes_per_case", "minutes")):
        known = [row for row in rows if row[key] is not None]
        if len(known) > 1:
            first, last = known[0], known[-1]
            told.append(
                f"{first[key]:.1f} {words} for a case new in round {first['round']}, "
                f"{last[key]:.1f} in round {last['round']}"
            )
    if not told:
        return "Clicks and minutes per case can be compared from the second round on."
    return f"The grader needed {'; '.join(told)}."


def _frozen(record: RoundRecord, seen: set[str], tested: str | None) -> Row:
    new = [member for member in record.members if member.case not in seen]
    tests = len(record.side("test"))
    return {
        "created": record.created,
        "start": record.start,
        "labels": len(record.members) - tests,
        "test_cases": tests,
        "new_cases": len(new),
        "clicks_per_case": _mean(new, "clicks", 1),
        "minutes_per_case": _mean(new, "seconds", 60),
        "test_changed": tested is not None and tested != record.test_sha256,
    }


def _measured(rounds: Rounds, number: int, status: str) -> Row:
    row: Row = dict.fromkeys(
        ("proposed", "score", "image_dice", "lesion_dice_1", "area_agreement_icc")
    )
    if status != "done":
        return row
    try:
        result = rounds.result(number)
    except PlainError as error:
        log.warning("%s", error)
        return row
    row |= {"proposed": result["proposed"], "score": result["score"]}
    new = result.get("new")
    if new is not None:
        row |= {key: new["metrics"][key] for key in ("image_dice", "lesion_dice_1")}
        row["area_agreement_icc"] = new["area_agreement_icc"]
    return row


def _mean(members: Sequence[Member], part: str, divisor: float) -> float | None:
    counted = [getattr(member, part) for member in members]
    known = [value / divisor for value in counted if value is not None]
    return float(np.mean(known)) if known else None
