"""What a simulation brought: a table, the figures as JSON, and a page with plots."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

import napari_mae_sam2
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.statistics import compare
from mae_sam2_training.evaluation.tables import write_table
from mae_sam2_training.evaluation.wording import interval, shown
from mae_sam2_training.rounds.simulate_plots import plots_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mae_sam2_training.evaluation.statistics import Comparison
    from mae_sam2_training.rounds.simulate_chain import Turn
    from mae_sam2_training.rounds.simulate_config import SimulateConfig

BASELINE = "foreground"
"""What the other strategies have to beat."""


def write_simulation(
    out: Path,
    turns: Mapping[tuple[int, str], Sequence[Turn]],
    config: SimulateConfig,
) -> None:
    """Write `simulation.csv`, `simulation.json` and `simulation.html`.

    Parameters
    ----------
    out : Path
        The folder.
    turns : mapping of (int, str) to sequence of dict
        By seed and strategy: what each round brought, round 0 being the base.
    config : SimulateConfig

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    rows = rows_of(turns)
    header = list(rows[0])
    write_table(
        out / "simulation.csv", header, [[row[key] for key in header] for row in rows]
    )
    compared = against_baseline(turns, config)
    answers = [halved(turns), rising(turns, config), *worth(compared)]
    software = f"napari-mae-sam2 {napari_mae_sam2.__version__}"
    content = {
        "schema": 1,
        "software": software,
        "settings": config.model_dump(mode="json"),
        "answers": answers,
        "rounds": [_known(row) for row in rows],
    }
    text = json.dumps(content, indent=1, allow_nan=False)
    write_bytes(out / "simulation.json", text.encode())
    template = files(__package__).joinpath("simulation.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.from_string(template).render(
        answers=answers,
        config=config,
        plots=plots_of(rows),
        table=_table(rows),
        software=software,
    )
    write_bytes(out / "simulation.html", page.encode())


def rows_of(turns: Mapping[tuple[int, str], Sequence[Turn]]) -> list[Turn]:
    """Give one row for each seed, strategy and round.

    `clicks` is everything done so far on proposals (decisions, prompts and strokes),
    `proposed` and `nothing` are what the frames of this round took, per frame, from
    proposals and from nothing. NaN where nothing was labelled.
    """
    rows = []
    for (seed, strategy), chain in turns.items():
        clicks, labels = 0, 0
        for turn in chain:
            new = turn["labels"] - labels
            labels = turn["labels"]
            row: Turn = {
                "seed": seed,
                "strategy": strategy,
                "round": turn["round"],
                "labels": labels,
                "dice": _mean(turn["dice"]),
                "score": _mean(turn["score"]),
                "proposed": np.nan,
                "nothing": np.nan,
            }
            if new:
                clicks += turn["proposed"]["total"]
                row["proposed"] = turn["proposed"]["total"] / new
                row["nothing"] = turn["nothing"]["total"] / new
            rows.append(row | {"clicks": clicks})
    return rows


def against_baseline(
    turns: Mapping[tuple[int, str], Sequence[Turn]], config: SimulateConfig
) -> dict[str, Comparison]:
    """Compare every strategy with foreground-aware random after the last round.

    On the scores of the same test frames with the same seeds; patients are resampled.
    """
    compared: dict[str, Comparison] = {}
    for strategy in config.strategies:
        if strategy == BASELINE or BASELINE not in config.strategies:
            continue
        first: list[float] = []
        second: list[float] = []
        groups: list[str] = []
        for seed in config.seeds:
            base, other = turns[seed, BASELINE][-1], turns[seed, strategy][-1]
            first += _values(base["score"])
            second += _values(other["score"])
            groups += base["groups"]
        compared[strategy] = compare(first, second, groups, **_chance(config))
    return compared


def halved(turns: Mapping[tuple[int, str], Sequence[Turn]]) -> str:
    """Say whether proposals halve the clicks after the last round.

    On the frames of the frozen test, which are the same for all: of the few frames
    that a round picks, one with many lesions decides.
    """
    last = [chain[-1] for chain in turns.values()]
    clicks = _shares(last, "clicks")
    if not clicks:
        return "No lesion was clicked on, so clicks cannot be compared."
    presses = _shares(last, "total")
    said = "at most half" if np.mean(clicks) <= 0.5 else "more than half"
    return (
        f"After round {last[0]['round']} proposals take {_spread(clicks)} of the "
        f"clicks that starting from nothing takes on the frozen test: {said}. "
        f"Of all presses, with strokes and with decisions on patches: "
        f"{_spread(presses)}."
    )


def _shares(turns: Sequence[Turn], what: str) -> list[float]:
    efforts = [turn["test_effort"] for turn in turns if "test_effort" in turn]
    return [
        one["proposed"][what] / one["nothing"][what]
        for one in efforts
        if one["nothing"][what]
    ]


def _spread(shares: Sequence[float]) -> str:
    least, most = min(shares), max(shares)
    return f"{np.mean(shares):.0%} ({least:.0%} to {most:.0%} over seeds, strategies)"


def rising(
    turns: Mapping[tuple[int, str], Sequence[Turn]], config: SimulateConfig
) -> str:
    """Say whether the Dice on the frozen test rises from the base to the last round."""
    first: list[float] = []
    last: list[float] = []
    groups: list[str] = []
    for chain in turns.values():
        first += _values(chain[0]["dice"])
        last += _values(chain[-1]["dice"])
        groups += chain[0]["groups"]
    one = compare(first, last, groups, **_chance(config))
    means = [float(np.nanmean(values)) for values in (first, last)]
    told = (
        f"Dice without a click on the frozen test: {means[0]:.3f} before the first "
        f"round, {means[1]:.3f} after the last"
    )
    if not np.isfinite(one.low):
        return f"{told}."
    within = f"{told} (difference {interval(one.low, one.high, '', True)})"
    if one.low > 0:
        return f"{within}: it rises."
    return f"{within}: it does not rise with confidence."


def worth(compared: Mapping[str, Comparison]) -> list[str]:
    """Say which strategies beat foreground-aware random."""
    if not compared:
        return []
    better = [name for name, one in compared.items() if one.low > 0]
    told = [
        f"{name} {shown(one.difference, '', True)} "
        f"({interval(one.low, one.high, '', True) or 'one patient alone'})"
        for name, one in compared.items()
    ]
    verdict = (
        f"Better than foreground-aware random: {', '.join(better)}."
        if better
        else "No strategy beats foreground-aware random with confidence."
    )
    return [f"{verdict} Score after the last round against it: {'; '.join(told)}."]


def _chance(config: SimulateConfig) -> dict[str, Any]:
    measured = config.evaluate
    return {
        "resamples": measured.resamples,
        "confidence": measured.confidence,
        "seed": measured.seed,
    }


def _values(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else np.nan


def _known(row: Turn) -> Turn:
    return {key: None if value != value else value for key, value in row.items()}


def _table(rows: Sequence[Turn]) -> list[list[str]]:
    """Give a line for each strategy and round: means over the seeds."""
    lines = []
    for strategy in dict.fromkeys(row["strategy"] for row in rows):
        for number in sorted({row["round"] for row in rows}):
            own = [
                row
                for row in rows
                if (row["strategy"], row["round"]) == (strategy, number)
            ]
            cells = [strategy, str(number), str(own[0]["labels"])]
            for key, digits in (
                ("dice", 3),
                ("score", 3),
                ("proposed", 1),
                ("nothing", 1),
                ("clicks", 0),
            ):
                known = [row[key] for row in own if row[key] == row[key]]
                cells.append(f"{np.mean(known):.{digits}f}" if known else "–")
            lines.append(cells)
    return lines
