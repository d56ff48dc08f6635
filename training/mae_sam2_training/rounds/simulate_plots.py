"""The plots of a simulation: Dice against labels and clicks, and clicks per frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mae_sam2_training.evaluation.plots import as_address, as_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.rounds.simulate_chain import Turn

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "osD^vP"
# of Okabe and Ito 2008, with a shape each


def plots_of(rows: Sequence[Turn]) -> list[tuple[str, str]]:
    """Give title and picture of each plot, of the rows of the report's table."""
    drawn = [
        ("Dice on the frozen test by labels", _curves(rows, "labels", "dice")),
        ("Dice on the frozen test by clicks", _curves(rows, "clicks", "dice")),
        ("Clicks per frame, from proposals and from nothing", _efforts(rows)),
    ]
    return [(title, as_address(svg)) for title, svg in drawn]


def _curves(rows: Sequence[Turn], across: str, up: str) -> str:
    """Draw a curve for each strategy: means over the seeds, and their range."""
    names = {"labels": "Labelled frames", "clicks": "Clicks so far", "dice": "Dice"}

    def draw(axes: Any) -> None:
        for nth, strategy in enumerate(dict.fromkeys(r["strategy"] for r in rows)):
            own = [row for row in rows if row["strategy"] == strategy]
            points = []
            for number in sorted({row["round"] for row in own}):
                here = [row for row in own if row["round"] == number]
                values = np.array([row[up] for row in here], float)
                place = float(np.mean([row[across] for row in here]))
                points.append((place, values.mean(), values.min(), values.max()))
            x, y, low, high = np.array(points).T
            axes.errorbar(
                x,
                y,
                yerr=[y - low, high - y],
                color=_COLOURS[nth % len(_COLOURS)],
                marker=_MARKERS[nth % len(_MARKERS)],
                capsize=3,
                label=strategy,
            )
        axes.set(xlabel=names[across], ylabel=names[up])
        axes.legend(loc="best")

    return as_svg(draw)


def _efforts(rows: Sequence[Turn]) -> str:
    def draw(axes: Any) -> None:
        rounds = sorted({row["round"] for row in rows if row["proposed"] > 0} or {1})
        for nth, (key, title) in enumerate(
            (("proposed", "from proposals"), ("nothing", "from nothing"))
        ):
            means = [
                np.nanmean([row[key] for row in rows if row["round"] == number])
                for number in rounds
            ]
            axes.plot(
                rounds, means, color=_COLOURS[nth], marker=_MARKERS[nth], label=title
            )
        axes.set(xlabel="Round", ylabel="Clicks per frame")
        axes.set_xticks(rounds)
        axes.set_ylim(0)
        axes.legend(loc="best")

    return as_svg(draw)
