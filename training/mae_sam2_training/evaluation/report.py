"""The report as one HTML file that needs no network: what `report.html.jinja` shows."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2

import napari_mae_sam2
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation import plots
from mae_sam2_training.evaluation.figures import FRAME_METRICS, LESION_METRICS
from mae_sam2_training.evaluation.overlay import ANSWER, TRUTH
from mae_sam2_training.evaluation.sheet import contact_sheet
from mae_sam2_training.evaluation.wording import (
    interval,
    metric_named,
    probability,
    shown,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.evaluation.config import EvaluateConfig
    from mae_sam2_training.evaluation.figures import Metric
    from mae_sam2_training.evaluation.measuring import FrameResult
    from mae_sam2_training.evaluation.side_by_side import Measured
    from mae_sam2_training.evaluation.statistics import Comparison, Estimate
    from mae_sam2_training.evaluation.summary import Summary

_GLANCE = (
    ("lesion_dice_1", "Lesion Dice", "after one click"),
    ("lesion_dice_3", "Lesion Dice", "after three clicks"),
    ("lesion_dice_5", "Lesion Dice", "after five clicks"),
    ("image_dice", "Image Dice", "without any click"),
    ("clicks_to_0.8", "Clicks", "until Dice 0.8"),
    ("sensitivity", "Lesions", "found without any click"),
    ("area_error", "Area error", "of the field, called less true"),
    ("false_leakage", "False leakage", "of the field, where there is none"),
)
_MAIN = (
    *("image_dice", "sensitivity", "precision", "area_error", "area_error_size"),
    "false_leakage",
    *(f"lesion_dice_{n}" for n in (0, 1, 3, 5)),
    *(f"clicks_to_{t}" for t in (0.5, 0.7, 0.8)),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What the report is about.

    Attributes
    ----------
    source, split : str
        Name of the data and which part of it.
    models : mapping of str to Measured
        By letter.
    summaries : mapping of str to Summary
        By letter.
    compared : mapping of str to Comparison
        A against B by metric; empty for one model.
    config : EvaluateConfig
    """

    source: str
    split: str
    models: Mapping[str, Measured]
    summaries: Mapping[str, Summary]
    compared: Mapping[str, Comparison]
    config: EvaluateConfig


def write_report(path: Path, page: Page) -> None:
    """Write the report whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    template = files(__package__).joinpath("report.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    write_bytes(path, environment.from_string(template).render(_context(page)).encode())


def _context(page: Page) -> dict[str, Any]:
    frames = {letter: model.frames for letter, model in page.models.items()}
    return {
        "page": page,
        "counts": page.summaries["A"].counts,
        "software": f"napari-mae-sam2 {napari_mae_sam2.__version__}",
        "truth_colour": TRUTH,
        "answer_colour": ANSWER,
        "percent": round(100 * page.config.confidence),
        "glance": _glance(page),
        "verdict": verdict(page.compared),
        "tables": [
            (
                "The main figures",
                [_row(metric_named(key), page) for key in _MAIN],
                True,
            ),
            (
                "All figures of single lesions",
                [_row(metric, page) for metric in LESION_METRICS],
                False,
            ),
            (
                "All figures of whole frames",
                [_row(metric, page) for metric in FRAME_METRICS],
                False,
            ),
        ],
        "calibration": [
            (letter, summary.calibration.value, summary.area_agreement)
            for letter, summary in page.summaries.items()
        ],
        "plots": _plots(page, frames),
        "sheet": contact_sheet(page.models),
    }


def _glance(page: Page) -> list[dict[str, Any]]:
    """Give the few figures at the top, those that were measured."""
    cards = []
    for key, what, caption in _GLANCE:
        metric = metric_named(key)
        one = page.summaries["A"].estimates[key]
        if not one.count:
            continue
        signed = metric.better == 0
        cards.append(
            {
                "value": shown(one.value, metric.unit, signed),
                "what": what,
                "caption": caption,
                "interval": interval(one.low, one.high, metric.unit, signed),
                "other": shown(
                    page.summaries["B"].estimates[key].value, metric.unit, signed
                )
                if "B" in page.summaries
                else "",
            }
        )
    return cards


def _row(metric: Metric, page: Page) -> dict[str, Any]:
    signed = metric.better == 0
    cells = [
        _cell(page.summaries[letter].estimates[metric.key], metric.unit, signed)
        for letter in page.models
    ]
    row: dict[str, Any] = {
        "title": metric.title,
        "cells": cells,
        "count": page.summaries["A"].estimates[metric.key].count,
        "better": {1: "more is better", -1: "less is better", 0: "0 is best"}[
            metric.better
        ],
    }
    if page.compared:
        row |= _difference(metric, page.compared.get(metric.key))
    return row


def _difference(metric: Metric, one: Comparison | None) -> dict[str, str]:
    """Give the cells of a comparison; empty where values do not pair up."""
    if one is None:
        return dict.fromkeys(("difference", "difference_interval", "relative", "p"), "")
    return {
        "difference": shown(one.difference, metric.unit, True),
        "difference_interval": interval(one.low, one.high, metric.unit, True),
        # a share of an error that may be of either sign says nothing
        "relative": shown(one.relative, "%", True) if metric.better else "",
        "p": probability(one.p_wilcoxon),
    }


def _cell(one: Estimate, unit: str, signed: bool) -> dict[str, str]:
    return {
        "value": shown(one.value, unit, signed),
        "interval": interval(one.low, one.high, unit, signed),
    }


def _plots(
    page: Page, frames: Mapping[str, Sequence[FrameResult]]
) -> list[tuple[str, str, str]]:
    """Give title, what to look for, and the picture as a data address."""
    drawn = [
        (
            "Dice by number of clicks",
            "Mean lesion Dice after 0 clicks (the model alone), 1, 3 and 5 clicks.",
            plots.dice_by_clicks(page.summaries),
        ),
        (
            "Dice of all frames, from poor to good",
            "Read it as: so many percent of the frames have this Dice or less. "
            "A curve further to the right is better.",
            plots.spread_of_dice(frames),
        ),
        (
            "Dice by size of the lesion",
            "One mark for each lesion.",
            plots.dice_by_size(frames),
        ),
        (
            "Is the area right?",
            "One mark for each frame; above zero the model calls too much. Lines: mean "
            "error and where 95 % of the errors lie.",
            plots.area_agreement(frames),
        ),
        (
            "Can its probability be believed?",
            "On the dotted line a probability of 0.7 means leakage in 7 of 10 pixels; "
            "below it the model is too sure of itself.",
            plots.calibration(page.summaries),
        ),
    ]
    return [(title, caption, plots.as_address(svg)) for title, caption, svg in drawn]
