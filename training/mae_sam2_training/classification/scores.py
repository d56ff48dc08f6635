"""Accuracy, macro-F1 and ROC-AUC, and how certain they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from mae_sam2_training.evaluation.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SCORES = ("accuracy", "macro_f1", "roc_auc")


def scores(
    truth: NDArray[np.intp], probabilities: NDArray[np.float64]
) -> dict[str, float]:
    """Score predictions.

    Parameters
    ----------
    truth : int array of shape (N,)
        Index of the class of each frame.
    probabilities : float array of shape (N, C)
        Of each class; the highest is the prediction.

    Returns
    -------
    dict of str to float
        accuracy; macro_f1, the mean over the classes that occur in truth or
        prediction; roc_auc, the mean over the classes that can be told from the rest
        (Hand and Till's one against rest), of the second class where there are two,
        NaN where only one class occurs.
    """
    predicted = probabilities.argmax(1)
    classes = probabilities.shape[1]
    table = confusion(truth, predicted, classes)
    right = np.diag(table)
    size = table.sum(0) + table.sum(1)
    occurs = size > 0
    asked = [1] if classes == 2 else range(classes)
    areas = [_auc(truth == c, probabilities[:, c]) for c in asked]
    known = [area for area in areas if np.isfinite(area)]
    return {
        "accuracy": float(right.sum() / max(table.sum(), 1)),
        "macro_f1": float((2 * right[occurs] / size[occurs]).mean()),
        "roc_auc": float(np.mean(known)) if known else float("nan"),
    }


def confusion(
    truth: NDArray[np.intp], predicted: NDArray[np.intp], classes: int
) -> NDArray[np.intp]:
    """Count frames by true class (rows) and predicted class (columns)."""
    table = np.bincount(truth * classes + predicted, minlength=classes**2)
    return table.reshape(classes, classes)


def estimate_scores(
    truth: NDArray[np.intp],
    probabilities: NDArray[np.float64],
    groups: Sequence[str],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Estimate]:
    """Score predictions, with percentile bootstrap intervals over patients."""
    values = scores(truth, probabilities)
    drawn = [
        scores(truth[rows], probabilities[rows])
        for rows in _resampled(groups, resamples, seed)
    ]
    count, patients = len(truth), len(set(groups))
    return {
        name: Estimate(
            values[name], *_interval([d[name] for d in drawn], confidence), count,
            patients,
        )
        for name in SCORES
    }  # fmt: skip


def compare_scores(
    truth: NDArray[np.intp],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    groups: Sequence[str],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Comparison]:
    """Compare two models on the same frames by a paired bootstrap over patients.

    Returns
    -------
    dict of str to Comparison
        Second minus first; no Wilcoxon test, since these are no means of frames.
    """
    one, other = scores(truth, first), scores(truth, second)
    pairs = [
        (scores(truth[rows], first[rows]), scores(truth[rows], second[rows]))
        for rows in _resampled(groups, resamples, seed)
    ]
    compared = {}
    for name in SCORES:
        gains = np.array([b[name] - a[name] for a, b in pairs])
        known = gains[np.isfinite(gains)]
        low, high = _interval(known.tolist(), confidence)
        rarer = min((known <= 0).mean(), (known >= 0).mean()) if len(known) else np.nan
        compared[name] = Comparison(
            difference=other[name] - one[name],
            low=low,
            high=high,
            relative=other[name] / one[name] - 1 if one[name] else float("nan"),
            p_bootstrap=float(min(1.0, 2 * max(rarer, 1 / (resamples + 1)))),
            count=len(truth),
            groups=len(set(groups)),
        )
    return compared


def _auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve from the ranks (Mann and Whitney 1947)."""
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))


def _resampled(
    groups: Sequence[str], resamples: int, seed: int
) -> list[NDArray[np.intp]]:
    """Give the rows of each resample of the patients."""
    _, of = np.unique(np.array(groups), return_inverse=True)
    patients = [np.flatnonzero(of == one) for one in range(int(of.max()) + 1)]
    rng = np.random.default_rng(seed)
    return [
        np.concatenate(
            [patients[p] for p in rng.integers(0, len(patients), len(patients))]
        )
        for _ in range(resamples)
    ]


def _interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return float("nan"), float("nan")
    outside = 50 * (1 - confidence)
    low, high = np.percentile(known, [outside, 100 - outside])
    return float(low), float(high)
