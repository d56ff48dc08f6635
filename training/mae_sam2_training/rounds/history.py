"""What every round of a study brought: figures as JSON, and a page with plots."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

import napari_mae_sam2
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.plots import as_address, as_svg
from mae_sam2_training.evaluation.wording import interval, shown
from mae_sam2_training.rounds.decisions import decisions, in_use
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.rounds.records import Member

Row = dict[str, Any]
_COLOURS = ("#0072B2", "#D55E00", "#009E73")
# of Okabe and Ito 2008
_PLOTS = (
    ("image_dice", "Dice without a click, on the test cases", "Dice"),
    ("lesion_dice_1", "Lesion Dice after one click, on the test cases", "Dice"),
    ("area_agreement_icc", "Agreement of the area, on the test cases", "ICC(2,1)"),
    ("clicks_per_case", "Clicks for a case that was new in the round", "Clicks"),
    ("minutes_per_case", "Minutes for a case that was new in the round", "Minutes"),
)


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
        (with `value`, `low`, `high`), `area_agreement_icc`. None where not known.

    Raises
    ------
    StudyError
        If a record is damaged.
    """
    decided = {one["round"]: one["action"] for one in decisions(rounds)}
    used = in_use(rounds).round
    rows: list[Row] = []
    seen: set[str] = set()
    tested: str | None = None
    for number in rounds.numbers():
        record, status = rounds.read(number), rounds.status(number)
        new = [m for m in record.members if m.case not in seen]
        seen |= {member.case for member in new}
        row: Row = {
            "round": number,
            "created": record.created,
            "status": status,
            "start": record.start,
            "labels": len(record.members) - len(record.side("test")),
            "new_cases": len(new),
            "clicks_per_case": _mean(new, "clicks", 1),
            "minutes_per_case": _mean(new, "seconds", 60),
            "test_cases": len(record.side("test")),
            "test_changed": tested is not None and tested != record.test_sha256,
            "decision": decided.get(number),
            "in_use": number == used,
        }
        tested = record.test_sha256
        rows.append(row | _measured(rounds, number, status))
    return rows


def write_history(study: Path, out: Path | None = None) -> list[Row]:
    """Write `history.json` and `history.html`, each whole or not at all.

    Parameters
    ----------
    study : Path
        A study folder.
    out : Path, optional
        Folder; the study's `rounds` otherwise.

    Raises
    ------
    RoundError
        If there was no round yet.
    OSError
        If they cannot be written.
    """
    rows = history(Rounds(study))
    if not rows:
        raise RoundError(f"The study {study.name} had no round yet: train one first.")
    folder = out or study / "rounds"
    software = f"napari-mae-sam2 {napari_mae_sam2.__version__}"
    content = {"schema": 1, "software": software, "rounds": rows}
    text = json.dumps(content, indent=1, allow_nan=False)
    write_bytes(folder / "history.json", text.encode())
    template = files(__package__).joinpath("history.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.from_string(template).render(
        study=study.name,
        answers=[improving(rows), faster(rows)],
        rows=[_cells(row) for row in rows],
        changed=any(row["test_changed"] for row in rows),
        plots=_plots(rows),
        software=software,
    )
    write_bytes(folder / "history.html", page.encode())
    return rows


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


def _measured(rounds: Rounds, number: int, status: str) -> Row:
    row: Row = dict.fromkeys(
        ("proposed", "score", "image_dice", "lesion_dice_1", "area_agreement_icc")
    )
    if status != "done":
        return row
    result = rounds.result(number)
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


def _cells(row: Row) -> list[str]:
    return [
        str(row["round"]) + (" (in use)" if row["in_use"] else ""),
        row["created"][:10],
        row["status"],
        f"{row['labels']} ({row['new_cases']} new)",
        f"{row['test_cases']}{' *' if row['test_changed'] else ''}",
        _estimate(row["image_dice"]),
        _estimate(row["lesion_dice_1"]),
        _figure(row["area_agreement_icc"], 3),
        _figure(row["clicks_per_case"], 1),
        _figure(row["minutes_per_case"], 1),
        {True: "yes", False: "no", None: "–"}[row["proposed"]],
        row["decision"] or "–",
    ]


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _estimate(one: dict[str, float | None] | None) -> str:
    if one is None or one["value"] is None:
        return "–"
    text = shown(one["value"], "")
    if one["low"] is not None and one["high"] is not None:
        text += f" ({interval(one['low'], one['high'], '')})"
    return text


def _plots(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Give title and picture of each plot that has something to show."""
    drawn = []
    for nth, (key, title, unit) in enumerate(_PLOTS):
        points = [(row["round"], *_point(row[key])) for row in rows]
        known = [point for point in points if np.isfinite(point[1])]
        if known:
            svg = as_svg(_drawing(known, unit, _COLOURS[nth % len(_COLOURS)]))
            drawn.append((title, as_address(svg)))
    return drawn


def _point(value: Any) -> tuple[float, float, float]:
    """Give value, low and high of a figure; NaN where it is not known."""
    if isinstance(value, dict):
        parts = [value["value"], value["low"], value["high"]]
        one, low, high = (np.nan if part is None else float(part) for part in parts)
        return one, low, high
    return (np.nan if value is None else float(value)), np.nan, np.nan


def _drawing(
    points: Sequence[tuple[int, float, float, float]], unit: str, colour: str
) -> Any:
    def draw(axes: Any) -> None:
        rounds, values, low, high = np.array(points, float).T
        axes.errorbar(
            rounds,
            values,
            yerr=[
                np.nan_to_num(values - low).clip(min=0),
                np.nan_to_num(high - values).clip(min=0),
            ],
            color=colour,
            marker="o",
            capsize=3,
        )
        axes.set(xlabel="Round", ylabel=unit)
        axes.set_xticks(rounds)
        axes.set_ylim(0, None if unit in ("Clicks", "Minutes") else 1)

    return draw
