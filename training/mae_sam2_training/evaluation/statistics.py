"""How certain a mean is, and whether two models differ: by patient, never by pixel.

Values of one patient are not independent, so patients are resampled, with all their
values, and paired tests compare patients.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import bootstrap, wilcoxon
from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval.

    Attributes
    ----------
    value, low, high : float
        NaN where there was nothing to measure; `low` and `high` are NaN where one
        patient alone says nothing of the spread.
    count : int
        Values behind it.
    groups : int
        Patients behind it.
    """

    value: float
    low: float
    high: float
    count: int
    groups: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second model against the first on the same values.

    Attributes
    ----------
    difference, low, high : float
        Mean of second minus first, and its bootstrap interval.
    relative, relative_low, relative_high : float
        The same as a share of the first model's mean.
    p_wilcoxon : float
        Two-sided Wilcoxon signed-rank test on the means of the patients; NaN for
        fewer than two.
    p_bootstrap : float
        Two-sided: twice the share of resamples on the rarer side of zero.
    count, groups : int
        Pairs and patients.
    """

    difference: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    relative: float = float("nan")
    relative_low: float = float("nan")
    relative_high: float = float("nan")
    p_wilcoxon: float = float("nan")
    p_bootstrap: float = float("nan")
    count: int = 0
    groups: int = 0


def estimate(
    values: Sequence[float] | NDArray[np.float64],
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Mean of some values with a bootstrap interval over patients.

    Parameters
    ----------
    values : sequence of float
        NaN is left out.
    groups : sequence of str
        The patient of each.
    resamples : int
        Of the patients, with replacement.
    confidence : float
        Of the interval, see `_bootstrap`.
    seed : int
        The same seed gives the same interval.
    """
    kept, of = _finite(np.asarray(values, float), groups)
    if not len(kept):
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    sums, counts = _by_group(kept, of)
    value = float(kept.mean())
    if len(sums) < 2:
        return Estimate(value, np.nan, np.nan, len(kept), len(sums))
    low, high, _ = _bootstrap(sums, counts, resamples, confidence, seed)
    return Estimate(value, low, high, len(kept), len(sums))


def compare(
    first: Sequence[float] | NDArray[np.float64],
    second: Sequence[float] | NDArray[np.float64],
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the same values.

    Parameters
    ----------
    first, second : sequence of float
        One value of each model for the same lesion or frame; a pair with a NaN is
        left out.
    groups : sequence of str
        The patient of each pair.
    resamples, confidence, seed
        As for `estimate`.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    both = np.stack([one, other - one])  # [2, N]
    kept = np.isfinite(both).all(0)
    of = [group for group, keep in zip(groups, kept, strict=True) if keep]
    both = both[:, kept]
    if not both.size:
        return Comparison()
    base, counts = _by_group(both[0], of)
    gains, _ = _by_group(both[1], of)
    difference = float(both[1].mean())
    relative = _ratio(difference, float(both[0].mean()))
    if len(counts) < 2:
        return Comparison(
            difference, relative=relative, count=len(of), groups=len(counts)
        )
    low, high, means = _bootstrap(gains, counts, resamples, confidence, seed)
    drawn = _resamples(len(counts), resamples, seed)
    gained, basis = gains[drawn].sum(1), base[drawn].sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(basis != 0, gained / basis, np.nan)
    known = shares[np.isfinite(shares)]
    share_low, share_high = (
        _interval(known, confidence) if len(known) else (np.nan, np.nan)
    )
    rarer = min(float((means <= 0).mean()), float((means >= 0).mean()))
    return Comparison(
        difference,
        low,
        high,
        relative,
        share_low,
        share_high,
        _wilcoxon(gains / counts),
        min(1.0, 2 * max(rarer, 1 / (resamples + 1))),
        len(of),
        len(counts),
    )


def widened(
    one: Comparison,
    first: Sequence[float] | NDArray[np.float64],
    second: Sequence[float] | NDArray[np.float64],
    groups: Sequence[str],
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Comparison:
    """Widen the interval of a difference to Student's, where that is wider.

    Resamples of few patients hold too little: where two patients gain, every one of
    their resamples gains, although that happens by chance once in four times. Student's
    interval, with one degree of freedom less than there are patients and the standard
    error of a mean over clusters, knows how few they are.

    Parameters
    ----------
    one : Comparison
        Of the same values, from `compare`.
    first, second, groups, confidence
        As for `compare`.
    bounds : tuple of float
        What a difference can be at all: Student knows no end of the scale, and two
        patients alone reach far beyond it.

    Returns
    -------
    Comparison
        With other `low` and `high`; as it was for fewer than two patients.
    """
    if one.groups < 2:
        return one
    gains = np.asarray(second, float) - np.asarray(first, float)
    sums, counts = _by_group(*_finite(gains, groups))
    rest = sums - one.difference * counts
    error = np.sqrt(one.groups / (one.groups - 1) * (rest**2).sum()) / counts.sum()
    reach = float(student.ppf(0.5 + confidence / 2, one.groups - 1) * error)
    return replace(
        one,
        low=max(bounds[0], min(one.low, one.difference - reach)),
        high=min(bounds[1], max(one.high, one.difference + reach)),
    )


def _wilcoxon(differences: NDArray[np.float64]) -> float:
    if not differences.any():
        return 1.0
    return float(wilcoxon(differences, zero_method="wilcox").pvalue)


def _finite(
    values: NDArray[np.float64], groups: Sequence[str]
) -> tuple[NDArray[np.float64], list[str]]:
    kept = np.isfinite(values)
    return values[kept], [g for g, keep in zip(groups, kept, strict=True) if keep]


def _by_group(
    values: NDArray[np.float64], groups: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and count of the values of each patient, in the order of their names."""
    _, of = np.unique(np.array(groups), return_inverse=True)
    sums: NDArray[np.float64] = np.bincount(of, weights=values).astype(np.float64)
    return sums, np.bincount(of).astype(np.float64)


def _resamples(groups: int, resamples: int, seed: int) -> NDArray[np.intp]:
    """Which patients each resample holds, [resamples, groups]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, groups, (resamples, groups)).astype(np.intp)


def _bootstrap(
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[float, float, NDArray[np.float64]]:
    """Resample patients: bounds of the mean over their values, and all the means.

    The interval is bias-corrected and accelerated (BCa, Efron 1987), which follows the
    skew of values near the end of their scale. Its ends are means of resamples, so it
    never leaves the scale. Where all resamples are alike, their percentiles serve.

    Parameters
    ----------
    sums, counts : float array of shape (patients,)
        Of the values of each patient; at least two patients.
    """

    def mean(
        totals: NDArray[np.float64], numbers: NDArray[np.float64], axis: int = -1
    ) -> NDArray[np.float64]:
        shares: NDArray[np.float64] = totals.sum(axis) / numbers.sum(axis)
        return shares

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of resamples that are all alike
        found = bootstrap(
            (sums, counts),
            mean,
            n_resamples=resamples,
            paired=True,
            vectorized=True,
            confidence_level=confidence,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    means: NDArray[np.float64] = found.bootstrap_distribution
    low, high = map(float, found.confidence_interval)
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = _interval(means, confidence)
    return low, high, means


def _interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    outside = 50 * (1 - confidence)
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)


def _ratio(value: float, base: float) -> float:
    return value / base if base else float("nan")
