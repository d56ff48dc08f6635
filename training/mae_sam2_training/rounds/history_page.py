"""The page that shows what every round of a study brought, with plots."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.plots import as_address, as_svg
from mae_sam2_training.evaluation.wording import interval, shown
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.history import (
    SOFTWARE,
    Row,
    faster,
    history,
    improving,
    write_rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COLOURS = ("#0072B2", "#D55E00", "#009E73")
# of Okabe and Ito 2008
_PLOTS = (
    ("image_dice", "Dice without a click, on the test cases", "Dice"),
    ("lesion_dice_1", "Lesion Dice after one click, on the test cases", "Dice"),
    ("area_agreement_icc", "Agreement of the area, on the test cases", "ICC(2,1)"),
    ("clicks_per_case", "Clicks for a case that was new in the round", "Clicks"),
    ("minutes_per_case", "Minutes for a case that was new in the round", "Minutes"),
)


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
    rounds = Rounds.open(study)
    rows = history(rounds)
    if not rows:
        raise RoundError(f"The study {study.name} had no round yet: train one first.")
    folder = out or study / "rounds"
    write_rows(rows, rounds, folder)
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
        software=SOFTWARE,
    )
    write_bytes(folder / "history.html", page.encode())
    return rows


def _cells(row: Row) -> list[str]:
    return [
        str(row["round"]) + (" (in use)" if row["in_use"] else ""),
        (row["created"] or "–")[:10],
        row["status"],
        f"{_figure(row['labels'], 0)} ({_figure(row['new_cases'], 0)} new)",
        f"{_figure(row['test_cases'], 0)}{' *' if row['test_changed'] else ''}",
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
