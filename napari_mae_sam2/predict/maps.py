"""Logits of answers as maps: how probable leakage is, and how unsure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def probability(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how probable leakage is, 0 to 1.

    Parameters
    ----------
    logits : float32 array of any shape
        Above 0 is leakage; left alone.
    """
    found = np.negative(logits)
    np.exp(np.clip(found, -60, 60, out=found), out=found)
    found += 1
    return np.reciprocal(found, out=found)


def entropy(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return how unsure several answers are together.

    It is the entropy of their mean, which is high where each is unsure and where they
    contradict each other (Lakshminarayanan et al., NeurIPS 2017, of ensembles; Wang et
    al., Neurocomputing 338, 2019, of one model that looks at a changed image again).

    Parameters
    ----------
    probabilities : sequence of float32 arrays of one shape
        From 0 to 1.

    Returns
    -------
    float32 array of the same shape
        In bits: 0 all sure of the same, 1 as likely leakage as not.
    """
    mean: NDArray[np.float32] = np.mean(probabilities, axis=0, dtype=np.float32)
    mean = np.clip(mean, 1e-6, 1 - 1e-6)  # of 0 and 1 the entropy is 0, log2 is not
    return -mean * np.log2(mean) - (1 - mean) * np.log2(1 - mean)
