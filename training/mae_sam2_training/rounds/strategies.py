"""What to label next: pure functions over answers and features.

Random and foreground-aware random are what every cleverer strategy has to beat: see
Lüth et al. 2025 (nnActive), from whom the share of foreground comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from mae_sam2_training.rounds.errors import RoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

Strategy = Literal[
    "random", "foreground", "entropy", "augmentation", "rounds", "diversity"
]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
FOREGROUND = 2 / 3
"""Share of the foreground-aware picks that must show leakage."""
_TINY = 1e-7


def named(text: str) -> Strategy:
    """Take the name of a strategy.

    Raises
    ------
    RoundError
        If there is none of that name.
    """
    for strategy in STRATEGIES:
        if strategy == text:
            return strategy
    raise RoundError(
        f"There is no strategy '{text}': choose one of {', '.join(STRATEGIES)}."
    )


def entropy(probability: NDArray[np.floating[Any]], field: NDArray[np.bool_]) -> float:
    """Mean entropy of a model's answer over the field, in nats per pixel.

    Parameters
    ----------
    probability : float array of shape (H, W)
        Of leakage.
    field : bool array of shape (H, W)
        Pixels that count.
    """
    return float(_entropy(probability)[field].mean()) if field.any() else 0.0


def augmentation_disagreement(
    probabilities: NDArray[np.floating[Any]], field: NDArray[np.bool_]
) -> float:
    """How much answers on views of one frame differ: their mutual information.

    Entropy of the mean less mean of the entropies (Houlsby et al. 2011), so that a
    frame that is unclear in every view alike does not count.

    Parameters
    ----------
    probabilities : float array of shape (K, H, W)
        Of leakage, of each view, brought back to the frame.
    field : bool array of shape (H, W)
        Pixels that count.

    Returns
    -------
    float
        Nats per pixel of the field, 0 where all views agree.
    """
    if not field.any():
        return 0.0
    seen = probabilities[:, field]  # [K, N]
    return float((_entropy(seen.mean(0)) - _entropy(seen).mean(0)).mean())


def round_disagreement(
    first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]
) -> float:
    """How much the answers of two rounds differ: 1 less their soft Dice.

    Parameters
    ----------
    first, second : float array of shape (H, W)
        Probabilities of leakage.

    Returns
    -------
    float
        0 where both are the same or both call nothing, up to 1.
    """
    total = float(first.sum() + second.sum())
    if total < 0.5:  # less than half a pixel of leakage in both
        return 0.0
    return 1 - 2 * float(np.minimum(first, second).sum()) / total


def highest(scores: Sequence[float], count: int, rng: np.random.Generator) -> list[int]:
    """Give the places of the highest scores, the highest first; ties at random."""
    shuffled = rng.permutation(len(scores))
    order = np.argsort(-np.asarray(scores, float)[shuffled], kind="stable")
    return [int(shuffled[place]) for place in order[:count]]


def foreground_aware(
    called: Sequence[float],
    count: int,
    rng: np.random.Generator,
    share: float = FOREGROUND,
) -> list[int]:
    """Draw at random, but most of the picks from where leakage is called.

    Parameters
    ----------
    called : sequence of float
        Share of each frame that is called leakage.
    count : int
        Picks.
    rng : Generator
        Draws.
    share : float
        Of the picks, rounded up, that come from frames in which something is called,
        as far as there are such; the others come from all frames.
    """
    order = [int(place) for place in rng.permutation(len(called))]
    wanted = int(np.ceil(share * min(count, len(called))))
    leaking = [place for place in order if called[place] > 0][:wanted]
    rest = [place for place in order if place not in set(leaking)]
    return leaking + rest[: max(0, count - len(leaking))]


def k_center(
    features: NDArray[np.floating[Any]],
    known: NDArray[np.floating[Any]],
    count: int,
) -> list[int]:
    """Pick frames so that none is far from a labelled one (Sener and Savarese 2018).

    Greedy: the next pick is the frame that is farthest from all that are labelled or
    picked. With nothing labelled the first one is the most ordinary frame, which is a
    cold start without any answer of a model.

    Parameters
    ----------
    features : float array of shape (N, F)
        Of the frames to choose from.
    known : float array of shape (M, F)
        Of the labelled frames; M may be 0.
    count : int
        Picks.

    Returns
    -------
    list of int
        Places in `features`.
    """
    if not len(features) or count < 1:
        return []
    everything = np.concatenate([features, known.reshape(-1, features.shape[1])])
    spread = everything.std(0)
    # a channel that never changes says nothing, and must not be divided by
    scaled = (everything - everything.mean(0)) / np.where(spread > _TINY, spread, 1)
    own, others = scaled[: len(features)], scaled[len(features) :]
    picked: list[int] = []
    if len(others):
        nearest = np.min([_distance(own, one) for one in others], axis=0)
    else:
        picked.append(int(_distance(own, own.mean(0)).argmin()))
        nearest = _distance(own, own[picked[0]])
    while len(picked) < min(count, len(own)):
        farthest = np.where(np.isin(np.arange(len(own)), picked), -1, nearest)
        picked.append(int(farthest.argmax()))
        nearest = np.minimum(nearest, _distance(own, own[picked[-1]]))
    return picked


def _distance(
    features: NDArray[np.floating[Any]], one: NDArray[np.floating[Any]]
) -> NDArray[np.floating[Any]]:
    return np.linalg.norm(features - one, axis=1)


def _entropy(probability: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    p = np.clip(probability, _TINY, 1 - _TINY)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))
