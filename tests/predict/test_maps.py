"""Logits of answers as maps."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.predict.maps import entropy, probability


def test_probability_is_the_logistic_function_without_overflow():
    logits = np.array([-1000, -1, 0, 1, 1000], np.float32)
    found = probability(logits)
    expected = [0, 0.2689414, 0.5, 0.7310586, 1]
    assert found == pytest.approx(expected, abs=1e-6)
    assert logits[0] == -1000


def test_entropy_is_high_where_answers_are_unsure_or_contradict_each_other():
    sure, unsure = np.float32([0.0, 1.0]), np.float32([0.5, 0.5])
    assert entropy([sure, sure]) == pytest.approx([0, 0], abs=1e-4)
    assert entropy([unsure]) == pytest.approx([1, 1])
    assert entropy([sure, sure[::-1]]) == pytest.approx([1, 1])
    # A quarter: the entropy of a coin that falls so once in four throws.
    assert entropy([np.float32([0.25])]) == pytest.approx([0.8112781])
