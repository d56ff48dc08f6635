from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.classification.scores import (
    compare_scores,
    confusion,
    estimate_scores,
    scores,
)

CHANCE = {"resamples": 200, "confidence": 0.95, "seed": 0}


def certain(predicted: list[int], classes: int) -> np.ndarray:
    return np.eye(classes)[predicted]


def test_known_answers() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    predicted = [0, 1, 1, 1, 2, 0]
    found = scores(truth, certain(predicted, 3))
    assert found["accuracy"] == pytest.approx(4 / 6)
    # F1 of the classes: 2 * 1 / 4, 2 * 2 / 5, 2 * 1 / 3
    assert found["macro_f1"] == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    # areas: 0.625, 0.875, 0.75
    assert found["roc_auc"] == pytest.approx(0.75)
    table = confusion(truth, np.array(predicted), 3)
    assert table.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_auc_of_two_classes_counts_pairs_in_order() -> None:
    second = np.array([0.1, 0.4, 0.35, 0.8])
    probabilities = np.stack([1 - second, second], 1)
    assert scores(np.array([0, 0, 1, 1]), probabilities)["roc_auc"] == 0.75


def test_one_class_alone_has_no_auc() -> None:
    assert np.isnan(scores(np.array([0, 0]), certain([0, 1], 2))["roc_auc"])


def test_intervals_follow_seed_and_patients() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 60)
    right = rng.random(60) < 0.8
    probabilities = certain(np.where(right, truth, 1 - truth).tolist(), 2)
    apart = [str(n) for n in range(60)]
    one = estimate_scores(truth, probabilities, apart, **CHANCE)
    assert one == estimate_scores(truth, probabilities, apart, **CHANCE)
    accuracy = one["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high
    assert accuracy.groups == 60


def test_a_better_model_is_seen() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 80)
    worse = np.where(rng.random(80) < 0.6, truth, 1 - truth)
    groups = [str(n) for n in range(80)]
    found = compare_scores(
        truth, certain(worse.tolist(), 2), certain(truth.tolist(), 2), groups, **CHANCE
    )["accuracy"]
    assert found.difference == pytest.approx((worse != truth).mean())
    assert 0 < found.low < found.high
    assert found.p_bootstrap < 0.02
