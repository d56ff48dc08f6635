"""The plots of the report, each as one SVG that stands in the page."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mae_sam2_training.evaluation.config import CLICKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mae_sam2_training.evaluation.measuring import FrameResult
    from mae_sam2_training.evaluation.summary import Summary

COLOURS: Final = {"A": "#D55E00", "B": "#0072B2"}
MARKERS: Final = {"A": "o", "B": "s"}
# vermilion and blue of Okabe and Ito 2008, and two shapes besides
_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "mae-sam2",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def dice_by_clicks(summaries: Mapping[str, Summary]) -> str:
    """Draw mean lesion Dice against clicks, with intervals."""

    def draw(axes: Any) -> None:
        for nth, (letter, summary) in enumerate(summaries.items()):
            means = [summary.estimates[f"lesion_dice_{n}"] for n in CLICKS]
            values = np.array([one.value for one in means])
            low = values - np.nan_to_num([one.low for one in means], nan=0)
            high = np.nan_to_num([one.high for one in means], nan=0) - values
            known = np.isfinite([one.low for one in means])
            errors = np.where(known, [low, high], 0).clip(min=0)
            axes.errorbar(
                np.array(CLICKS) + 0.08 * nth,  # side by side, not one on the other
                values,
                yerr=errors,
                color=COLOURS[letter],
                marker=MARKERS[letter],
                capsize=3,
                label=f"Model {letter}",
            )
        axes.set(xlabel="Clicks on the lesion", ylabel="Lesion Dice", ylim=(0, 1))
        axes.set_xticks(CLICKS)
        axes.legend(loc="lower right")

    return as_svg(draw)


def spread_of_dice(results: Mapping[str, Sequence[FrameResult]]) -> str:
    """Draw the image Dice of every frame, sorted."""

    def draw(axes: Any) -> None:
        for letter, frames in results.items():
            values = np.sort([f.dice for f in frames if np.isfinite(f.dice)])
            share = 100 * np.arange(1, len(values) + 1) / max(len(values), 1)
            axes.step(
                np.concatenate([[0.0], values, [1.0]]),
                np.concatenate([[0.0], share, [100.0]]),
                where="post",
                color=COLOURS[letter],
                linestyle="-" if letter == "A" else "--",
                linewidth=2,
                label=f"Model {letter}",
            )
        axes.set(
            xlabel="Image Dice without any click",
            ylabel="Frames at or below it (%)",
            xlim=(0, 1),
            ylim=(0, 100),
        )
        axes.legend(loc="upper left")

    return as_svg(draw)


def dice_by_size(results: Mapping[str, Sequence[FrameResult]]) -> str:
    """Draw lesion Dice after three clicks against the lesion's area."""

    def draw(axes: Any) -> None:
        for letter, frames in results.items():
            lesions = [lesion for frame in frames for lesion in frame.lesions]
            axes.plot(
                [lesion.area_px for lesion in lesions],
                [lesion.dice[3] for lesion in lesions],
                MARKERS[letter],
                color=COLOURS[letter],
                alpha=0.55,
                markersize=5,
                markeredgewidth=0,
                label=f"Model {letter}",
            )
        axes.set(
            xlabel="Area of the lesion (pixels)",
            ylabel="Lesion Dice after 3 clicks",
            xscale="log",
            ylim=(0, 1),
        )
        axes.legend(loc="lower right")

    return as_svg(draw)


def area_agreement(results: Mapping[str, Sequence[FrameResult]]) -> str:
    """Draw Bland and Altman's plot of called against true area (1986)."""

    def draw(axes: Any) -> None:
        for letter, frames in results.items():
            called = np.array([f.called_px / f.field_px for f in frames]) * 100
            wanted = np.array([f.wanted_px / f.field_px for f in frames]) * 100
            error = called - wanted
            colour = COLOURS[letter]
            axes.plot(
                (called + wanted) / 2,
                error,
                MARKERS[letter],
                color=colour,
                alpha=0.6,
                markersize=5,
                markeredgewidth=0,
                label=f"Model {letter}",
            )
            reach = 1.96 * error.std(ddof=1) if len(error) > 1 else 0.0
            for level, line in ((error.mean(), "-"), (reach, "--"), (-reach, "--")):
                at = level if line == "-" else error.mean() + level
                axes.axhline(at, color=colour, linestyle=line, linewidth=1)
        axes.set(
            xlabel="Mean of called and true area (% of field)",
            ylabel="Called minus true (% of field)",
        )
        axes.legend(loc="best")

    return as_svg(draw)


def calibration(summaries: Mapping[str, Summary]) -> str:
    """Draw the reliability curve of the prompt-free probability."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#777777", linestyle=":", label="Perfect")
        for letter, summary in summaries.items():
            axes.plot(
                *summary.reliability.curve(),
                color=COLOURS[letter],
                marker=MARKERS[letter],
                label=f"Model {letter}",
            )
        axes.set(
            xlabel="Predicted probability of leakage",
            ylabel="Share that is leakage",
            xlim=(0, 1),
            ylim=(0, 1),
        )
        axes.legend(loc="upper left")

    return as_svg(draw)


def as_address(svg: str) -> str:
    """Turn an SVG into an address for an image of a page that needs no network."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def as_svg(draw: Callable[[Any], None]) -> str:
    """Draw on one pair of axes and give the SVG element alone.

    Parameters
    ----------
    draw : callable
        `draw(axes)`, with matplotlib's Axes.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        # no pyplot: it would look for a window system and keep every figure
        figure = Figure(figsize=(5.2, 3.7), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
