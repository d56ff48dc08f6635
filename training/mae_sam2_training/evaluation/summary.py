"""From the figures of single frames to those of a model, and of one against another."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.evaluation.calibration import Reliability, together
from mae_sam2_training.evaluation.figures import METRICS, PAIRED, Metric
from mae_sam2_training.evaluation.statistics import (
    Comparison,
    Estimate,
    compare,
    estimate,
)
from napari_mae_sam2.study.agreement import absolute_agreement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from mae_sam2_training.evaluation.config import EvaluateConfig
    from mae_sam2_training.evaluation.measuring import FrameResult


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """One model on all frames.

    Attributes
    ----------
    estimates : dict of str to Estimate
        By `Metric.key`.
    reliability : Reliability
        Of all frames together.
    calibration : Estimate
        Mean calibration error of the frames is no calibration: this is the error of
        all pixels together, and `low` and `high` come from resampled patients.
    area_agreement : float
        ICC(2,1) of called and true area as shares of the field.
    """

    estimates: dict[str, Estimate]
    reliability: Reliability
    calibration: Estimate
    area_agreement: float
    counts: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values; NaN becomes None."""
        curve = zip(*self.reliability.curve(), strict=True)
        return {
            "metrics": {key: plain(asdict(one)) for key, one in self.estimates.items()},
            "calibration_error": plain(asdict(self.calibration)),
            "reliability": [[float(p), float(share)] for p, share in curve],
            "area_agreement_icc": plain({"icc": self.area_agreement})["icc"],
            "counts": self.counts,
        }


def summarize(frames: Sequence[FrameResult], config: EvaluateConfig) -> Summary:
    """Average over frames and lesions, with intervals over patients."""
    estimates = {}
    for metric in METRICS:
        values, groups = _gather(frames, metric)
        estimates[metric.key] = estimate(
            values,
            groups,
            resamples=config.resamples,
            confidence=config.confidence,
            seed=config.seed,
        )
    leaking = [frame for frame in frames if frame.wanted_px]
    return Summary(
        estimates=estimates,
        reliability=together([frame.reliability for frame in frames]),
        calibration=_calibration(frames, config),
        area_agreement=absolute_agreement(
            [frame.called_px / frame.field_px for frame in leaking],
            [frame.wanted_px / frame.field_px for frame in leaking],
        ),
        counts={
            "frames": len(frames),
            "frames_with_leakage": len(leaking),
            "lesions": sum(frame.counted_lesions for frame in frames),
            "lesions_clicked_on": sum(len(frame.lesions) for frame in frames),
            "patients": len({frame.group for frame in frames}),
        },
    )


def compare_models(
    first: Sequence[FrameResult],
    second: Sequence[FrameResult],
    config: EvaluateConfig,
) -> dict[str, Comparison]:
    """Compare two models, measured on the same frames in the same order."""
    compared = {}
    for metric in PAIRED:
        one, groups = _gather(first, metric)
        other, _ = _gather(second, metric)
        compared[metric.key] = compare(
            one,
            other,
            groups,
            resamples=config.resamples,
            confidence=config.confidence,
            seed=config.seed,
        )
    return compared


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Replace NaN, which JSON does not have, by None."""
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value
        for key, value in values.items()
    }


def _gather(
    frames: Sequence[FrameResult], metric: Metric
) -> tuple[list[float], list[str]]:
    values: list[float] = []
    groups: list[str] = []
    for frame in frames:
        new = metric.values(frame)
        values += new
        groups += [frame.group] * len(new)
    return values, groups


def _calibration(frames: Sequence[FrameResult], config: EvaluateConfig) -> Estimate:
    names = sorted({frame.group for frame in frames})
    parts = [
        together([frame.reliability for frame in frames if frame.group == name])
        for name in names
    ]
    value = together(parts).error
    if len(parts) < 2:
        return Estimate(value, np.nan, np.nan, len(frames), len(parts))
    gaps = np.stack([part.probability - part.leakage for part in parts])  # [G, bins]
    pixels = np.array([part.pixels.sum() for part in parts])  # [G]
    rng = np.random.default_rng(config.seed)
    drawn = rng.integers(0, len(parts), (config.resamples, len(parts)))
    errors = np.abs(gaps[drawn].sum(1)).sum(1) / pixels[drawn].sum(1)
    outside = 50 * (1 - config.confidence)
    low, high = np.percentile(errors, [outside, 100 - outside])
    return Estimate(value, float(low), float(high), len(frames), len(parts))
