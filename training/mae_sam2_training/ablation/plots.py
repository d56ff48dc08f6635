"""The plots of an ablation: bars by loss, curves by number of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mae_sam2_training.evaluation.plots import as_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.ablation.report import Line
    from mae_sam2_training.evaluation.statistics import Estimate

_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS: Final = "soD^vP"
# of Okabe and Ito 2008, with a shape each


def by_loss(lines: Sequence[Line], key: str, title: str) -> str:
    """Draw a metric for every loss, the encoders side by side; an SVG."""
    losses = list(dict.fromkeys(line.row.loss for line in lines))
    encoders = list(dict.fromkeys(line.row.encoder for line in lines))

    def draw(axes: Any) -> None:
        for nth, encoder in enumerate(encoders):
            own = {ln.row.loss: ln for ln in lines if ln.row.encoder == encoder}
            offset = 0.18 * (nth - (len(encoders) - 1) / 2)
            _points(
                axes,
                [n + offset for n in range(len(losses))],
                [own[loss].estimates[key] for loss in losses],
                nth,
                encoder,
                joined=False,
            )
        axes.set_xticks(range(len(losses)), [_wrapped(loss) for loss in losses])
        axes.set(ylabel=title, xlim=(-0.5, len(losses) - 0.5))
        axes.legend(loc="best")

    return as_svg(draw)


def by_labels(lines: Sequence[Line], key: str, title: str) -> str:
    """Draw a metric against the share of the labels, a curve per encoder; an SVG."""
    encoders = list(dict.fromkeys(line.row.encoder for line in lines))

    def draw(axes: Any) -> None:
        for nth, encoder in enumerate(encoders):
            own = sorted(
                (line for line in lines if line.row.encoder == encoder),
                key=lambda line: line.row.fraction,
            )
            _points(
                axes,
                [100 * line.row.fraction + 0.6 * nth for line in own],
                [line.estimates[key] for line in own],
                nth,
                encoder,
                joined=True,
            )
        axes.set(xlabel="Share of the training patients (%)", ylabel=title)
        axes.legend(loc="best")

    return as_svg(draw)


def _points(
    axes: Any,
    places: Sequence[float],
    estimates: Sequence[Estimate],
    nth: int,
    label: str,
    joined: bool,
) -> None:
    values = np.array([one.value for one in estimates])
    low = np.nan_to_num(values - [one.low for one in estimates]).clip(min=0)
    high = np.nan_to_num([one.high for one in estimates] - values).clip(min=0)
    axes.errorbar(
        places,
        values,
        yerr=[low, high],
        color=_COLOURS[nth % len(_COLOURS)],
        marker=_MARKERS[nth % len(_MARKERS)],
        linestyle="-" if joined else "none",
        capsize=3,
        label=label,
    )


def _wrapped(name: str) -> str:
    return name.replace(" + ", "\n+ ")
