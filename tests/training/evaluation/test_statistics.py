from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp, wilcoxon

from mae_sam2_training.evaluation.statistics import (
    compare,
    estimate,
    widened,
)
from napari_mae_sam2.study.agreement import absolute_agreement


def test_the_interval_holds_the_mean_and_follows_the_seed() -> None:
    values = np.random.default_rng(0).normal(0.6, 0.1, 40)
    groups = [str(n) for n in range(40)]
    one = estimate(values, groups, seed=1)
    assert one == estimate(values, groups, seed=1)
    assert one != estimate(values, groups, seed=2)
    assert one.value == pytest.approx(values.mean())
    assert one.low < one.value < one.high
    # as wide as theory says, for independent values
    assert one.high - one.low == pytest.approx(2 * 1.96 * 0.1 / 40**0.5, rel=0.25)


def test_patients_are_resampled_and_not_lesions() -> None:
    patients = np.random.default_rng(0).normal(0.6, 0.1, 10)
    values = np.repeat(patients, 20)
    alone = estimate(values, [str(n) for n in range(200)])
    together = estimate(values, [str(n // 20) for n in range(200)])
    assert together.groups == 10
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_nan_is_left_out_and_one_patient_has_no_interval() -> None:
    one = estimate([0.2, float("nan"), 0.4], ["p", "q", "p"])
    assert one.value == pytest.approx(0.3)
    assert (one.count, one.groups) == (2, 1)
    assert np.isnan(one.low)
    assert estimate([], []).count == 0
    two = estimate([0.2, 0.4], ["p", "q"])
    assert (two.low, two.high) == pytest.approx((0.2, 0.4))


def test_a_clear_gain_is_seen() -> None:
    rng = np.random.default_rng(0)
    first = rng.uniform(0.4, 0.6, 30)
    second = first + rng.normal(0.05, 0.02, 30)
    groups = [str(n) for n in range(30)]
    seen = compare(first, second, groups)
    assert seen.difference == pytest.approx((second - first).mean())
    assert 0 < seen.low < seen.difference < seen.high
    assert seen.relative == pytest.approx(second.mean() / first.mean() - 1)
    assert seen.relative_low < seen.relative < seen.relative_high
    order = np.argsort(groups)  # the test does not depend on the order
    assert seen.p_wilcoxon == pytest.approx(wilcoxon((second - first)[order]).pvalue)
    assert seen.p_bootstrap < 0.002


def test_few_patients_are_as_unsure_as_students_t_says() -> None:
    first, second = [0.5, 0.5, 0.5], [0.52, 0.6, 0.75]
    few = compare(first, second, ["a", "b", "c"])
    assert few.low > 0  # all gained, so every resample does
    wide = widened(few, first, second, ["a", "b", "c"])
    gains = np.subtract(second, first)
    expected = ttest_1samp(gains, 0).confidence_interval(0.95)
    assert (wide.low, wide.high) == pytest.approx((expected.low, expected.high))
    assert wide.low < 0
    # the values of a patient are one: more of them make nobody surer
    twice = [*("a", "b", "c"), *("a", "b", "c")]
    again = compare(first * 2, second * 2, twice)
    more = widened(again, first * 2, second * 2, twice)
    assert (more.low, more.high) == pytest.approx((wide.low, wide.high))
    pair = compare([0.5, 0.5], [0.6, 0.7], ["a", "b"])
    assert widened(pair, [0.5, 0.5], [0.6, 0.7], ["a", "b"]).low < 0 < pair.low
    alone = compare([0.1], [0.2], ["a"])
    assert np.isnan(widened(alone, [0.1], [0.2], ["a"]).low)


def test_the_same_model_does_not_differ() -> None:
    same = compare([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], ["a", "b", "c"])
    assert (same.difference, same.p_wilcoxon, same.p_bootstrap) == (0, 1, 1)


def test_agreement_of_areas() -> None:
    assert absolute_agreement([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    # by hand: rows 2, columns 1.5, error 0; 2 / (2 + 2 * 1.5 / 3)
    assert absolute_agreement([2, 3, 4], [1, 2, 3]) == pytest.approx(2 / 3)
    assert np.isnan(absolute_agreement([1], [1]))


def test_intervals_stay_within_what_a_figure_can_be() -> None:
    rng = np.random.default_rng(4)
    for patients in (2, 3, 5, 12):
        names = [f"P{n}" for n in range(patients)]
        for _ in range(20):
            first, second = rng.beta(0.3, 0.3, (2, patients))
            one = estimate(first, names, resamples=200)
            assert 0 <= one.low <= one.value <= one.high <= 1
            gain = compare(first, second, names, resamples=200)
            wide = widened(gain, first, second, names)
            assert -1 <= wide.low <= gain.low <= gain.high <= wide.high <= 1
    # two patients of whom one gains all: Student alone would say -1.6 to 2
    far = compare([0.0, 0.5], [1.0, 0.5], ["a", "b"])
    wide = widened(far, [0.0, 0.5], [1.0, 0.5], ["a", "b"])
    assert (wide.low, wide.high) == (-1, 1)


def test_an_interval_follows_the_skew_near_the_end_of_the_scale() -> None:
    values = [1.0] * 17 + [0.9, 0.5, 0.1]
    one = estimate(values, [f"P{n}" for n in range(20)])
    assert one.value - one.low > 2 * (one.high - one.value)
    alike = estimate([0.7] * 5, list("abcde"))
    assert (alike.low, alike.high) == pytest.approx((0.7, 0.7))
