"""The tables of an ablation as CSV and Markdown, and a page with the plots."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2
import numpy as np

import napari_mae_sam2
from mae_sam2_training.ablation import plots
from mae_sam2_training.ablation.cells import Row
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.figures import METRICS
from mae_sam2_training.evaluation.plots import as_address
from mae_sam2_training.evaluation.statistics import compare, estimate
from mae_sam2_training.evaluation.tables import write_table
from mae_sam2_training.evaluation.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.ablation.cells import Cell
    from mae_sam2_training.ablation.config import AblateConfig
    from mae_sam2_training.evaluation.statistics import Comparison, Estimate

COLUMNS = (
    "image_dice",
    "lesion_dice_1",
    "lesion_dice_3",
    "lesion_dice_5",
    "clicks_to_0.8",
    "sensitivity",
    "false_leakage",
)
"""What the tables show, by `Metric.key`; the files of the cells hold everything."""
PLOTTED = ("image_dice", "lesion_dice_1", "lesion_dice_3")
_METRIC = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table with its figures.

    Attributes
    ----------
    row : Row
    start : dict of str to str
        `name` and `fingerprint` of the weights that its runs started from.
    runs : int
        Seeds and folds behind it.
    estimates : dict of str to Estimate
        By metric, for `COLUMNS`.
    gains : dict of str to Comparison
        Against the first encoder with the same loss and labels; empty for itself.
    """

    row: Row
    start: dict[str, str]
    runs: int
    estimates: dict[str, Estimate]
    gains: dict[str, Comparison]


def write_tables(
    out: Path,
    rows: Sequence[Row],
    results: Mapping[Cell, dict[str, Any]],
    config: AblateConfig,
) -> list[Line]:
    """Write `table.csv`, `table.md` and `ablation.html`.

    Parameters
    ----------
    out : Path
        The folder.
    rows : sequence of Row
    results : mapping of Cell to dict
        What each cell's `result.json` holds.
    config : AblateConfig

    Returns
    -------
    list of Line
        What was written.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    lines = [_line(row, results, config) for row in rows]
    _write_csv(out / "table.csv", lines)
    header = ["Encoder", "Starts from", "Loss", "Labels"]
    header += [_METRIC[key].title for key in COLUMNS]
    table = [_cells(line) for line in lines]
    text = [" | ".join(header), " | ".join("---" for _ in header)]
    text += [" | ".join(cell.replace("|", "\\|") for cell in cells) for cells in table]
    markdown = "".join(f"| {line} |\n" for line in text)
    write_bytes(out / "table.md", markdown.encode())
    template = files(__package__).joinpath("ablation.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.from_string(template).render(
        header=header,
        table=table,
        gains=[_gain(line, key) for line in lines for key in PLOTTED if line.gains],
        base=next(iter(config.encoders)),
        percent=round(100 * config.evaluate.confidence),
        runs=len(results),
        plots=_plots(lines, config),
        software=f"napari-mae-sam2 {napari_mae_sam2.__version__}",
    )
    write_bytes(out / "ablation.html", page.encode())
    return lines


def _line(
    row: Row, results: Mapping[Cell, dict[str, Any]], config: AblateConfig
) -> Line:
    base = Row(next(iter(config.encoders)), row.loss, row.fraction)
    chance: dict[str, Any] = {
        "resamples": config.evaluate.resamples,
        "confidence": config.evaluate.confidence,
        "seed": config.evaluate.seed,
    }
    estimates, gains = {}, {}
    for key in COLUMNS:
        values, groups = _values(row, key, results)
        estimates[key] = estimate(values, groups, **chance)
        if row != base:
            # the same frames in the same order: seeds and folds are the same
            others, _ = _values(base, key, results)
            gains[key] = compare(others, values, groups, **chance)
    runs = sum(cell.row == row for cell in results)
    start = next(one["start"] for cell, one in results.items() if cell.row == row)
    return Line(row, start, runs, estimates, gains)


def _values(
    row: Row, key: str, results: Mapping[Cell, dict[str, Any]]
) -> tuple[list[float], list[str]]:
    values: list[float] = []
    groups: list[str] = []
    for cell in sorted(
        (cell for cell in results if cell.row == row),
        key=lambda cell: (cell.seed, cell.fold),
    ):
        for frame in results[cell]["frames"]:
            new = [np.nan if v is None else float(v) for v in frame["values"][key]]
            values += new
            groups += [frame["group"]] * len(new)
    return values, groups


def _cells(line: Line) -> list[str]:
    start = f"{line.start['name']} ({line.start['fingerprint'][:12]})"
    cells = [line.row.encoder, start, line.row.loss, f"{line.row.fraction:.0%}"]
    for key in COLUMNS:
        one, unit = line.estimates[key], _METRIC[key].unit
        text = shown(one.value, unit)
        if np.isfinite(one.low):
            text += f" ({shown(one.low, unit)} to {shown(one.high, unit)})"
        cells.append(text)
    return cells


def _gain(line: Line, key: str) -> list[str]:
    one = line.gains[key]
    interval = (
        f"{shown(one.relative_low, '%', True)} to {shown(one.relative_high, '%', True)}"
        if np.isfinite(one.relative_low)
        else "–"
    )
    p = "–" if not np.isfinite(one.p_wilcoxon) else f"{one.p_wilcoxon:.3f}"
    return [
        *(line.row.encoder, line.row.loss, f"{line.row.fraction:.0%}"),
        _METRIC[key].title,
        shown(one.difference, _METRIC[key].unit, True),
        shown(one.relative, "%", True),
        interval,
        p,
    ]


def _write_csv(path: Path, lines: Sequence[Line]) -> None:
    header = ["encoder", "starts_from", "fingerprint", "loss", "fraction", "runs"]
    for key in COLUMNS:
        header += [key, f"{key}_low", f"{key}_high", f"{key}_count"]
        header += [f"{key}_gain", f"{key}_relative_gain"]
        header += [f"{key}_relative_low", f"{key}_relative_high", f"{key}_p"]
    rows: list[list[object]] = []
    for line in lines:
        row = line.row
        cells: list[object] = [row.encoder, *line.start.values()]
        cells += [row.loss, row.fraction, line.runs]
        for key in COLUMNS:
            one = line.estimates[key]
            cells += [one.value, one.low, one.high, one.count]
            gain = line.gains.get(key)
            cells += (
                [""] * 5
                if gain is None
                else [
                    *(gain.difference, gain.relative),
                    *(gain.relative_low, gain.relative_high, gain.p_wilcoxon),
                ]
            )
        rows.append(cells)
    write_table(path, header, rows)


def _plots(lines: Sequence[Line], config: AblateConfig) -> list[tuple[str, str]]:
    """Give title and picture of each plot."""
    first_loss = next(iter(config.losses))
    drawn = []
    for key in PLOTTED:
        title = _METRIC[key].title
        whole = [line for line in lines if line.row.fraction == 1]
        curve = [line for line in lines if line.row.loss == first_loss]
        is_curve = len({line.row.fraction for line in curve}) > 1
        if len(config.losses) > 1 or not is_curve:
            drawn.append((f"{title} by loss", plots.by_loss(whole, key, title)))
        if is_curve:
            drawn.append(
                (f"{title} by number of labels", plots.by_labels(curve, key, title))
            )
    return [(title, as_address(svg)) for title, svg in drawn]
