"""Strategies put to work: what a model answers and sees, for each candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from mae_sam2_training.classification.pooling import PooledFeatures
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.strategies import (
    augmentation_disagreement,
    entropy,
    foreground_aware,
    highest,
    k_center,
    round_disagreement,
)
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.rounds.strategies import Strategy
    from napari_mae_sam2.model.checkpoint import LoadedModel
    from napari_mae_sam2.model.protocol import Predictor

GAMMAS = (0.8, 1.25)
"""Views of the strategy "augmentation": the mirrored frame, and these two."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A frame to be labelled next.

    Attributes
    ----------
    name : str
        Of the candidate.
    score : float or None
        What the strategy found; None where it draws or compares sets.
    """

    name: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Judges:
    """Models that help to choose.

    Attributes
    ----------
    predictor : Predictor
        Of the model in use.
    previous : Predictor or None
        Of the round before, for the strategy "rounds".
    loaded : LoadedModel
        The weights of `predictor`, for features.
    features : Path
        File in which pooled features are kept.
    """

    predictor: Predictor
    previous: Predictor | None
    loaded: LoadedModel
    features: Path


def choose(
    strategy: Strategy,
    candidates: Sequence[str],
    labelled: Sequence[str],
    pixels: Callable[[str], NDArray[Any]],
    judges: Judges,
    count: int,
    rng: np.random.Generator,
    reporter: Reporter,
) -> list[Pick]:
    """Choose what to label next.

    Parameters
    ----------
    strategy : str
        See `strategies`.
    candidates, labelled : sequence of str
        Names of the frames to choose from, and of those that are labelled.
    pixels : callable
        Gives the pixels of a frame by its name.
    judges : Judges
        Models.
    count : int
        Picks; fewer where there are fewer candidates.
    rng : Generator
        For whatever is drawn.
    reporter : Reporter
        Told of each frame that was looked at.

    Raises
    ------
    RoundError
        If the strategy needs an earlier round and there is none.
    """
    if strategy == "random":
        drawn = rng.permutation(len(candidates))[:count]
        return [Pick(candidates[int(place)], None) for place in drawn]
    if strategy == "diversity":
        pooled = PooledFeatures(
            judges.features, judges.loaded.model, judges.loaded.encoder_fingerprint
        )
        own, known = (
            _features(names, pixels, pooled, reporter)
            for names in (candidates, labelled)
        )
        pooled.save()
        return [Pick(candidates[n], None) for n in k_center(own, known, count)]
    if strategy == "rounds" and judges.previous is None:
        raise RoundError(
            "There is no earlier model to compare with: promote a round first, or "
            "choose another strategy."
        )
    clock, scores = Clock(0, len(candidates)), []
    for done, name in enumerate(candidates, start=1):
        scores.append(_score(strategy, pixels(name), judges))
        left = clock.seconds_left(done)
        reporter.report("measure", done=done, total=len(candidates), eta_s=left)
    places = (
        foreground_aware(scores, count, rng)
        if strategy == "foreground"
        else highest(scores, count, rng)
    )
    return [Pick(candidates[place], scores[place]) for place in places]


def _score(strategy: Strategy, pixels: NDArray[Any], judges: Judges) -> float:
    field = field_mask(pixels)
    own = probability(judges.predictor, pixels)
    if strategy == "foreground":
        return float(((own > 0.5) & field).mean())
    if strategy == "entropy":
        return entropy(own, field)
    if strategy == "rounds" and judges.previous is not None:
        return round_disagreement(own, probability(judges.previous, pixels))
    grey = as_grey8(pixels)
    seen = [own, probability(judges.predictor, grey[:, ::-1])[:, ::-1]]
    for gamma in GAMMAS:
        other = np.rint(255 * (grey / 255.0) ** gamma).astype(np.uint8)
        seen.append(probability(judges.predictor, other))
    return augmentation_disagreement(np.stack(seen), field)


def probability(predictor: Predictor, pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Ask a model for all leakage of a frame; probabilities of shape (H, W)."""
    frame = np.ascontiguousarray(pixels)
    logits = predictor.decode(predictor.encode(frame), Prompts()).logits[0]
    found: NDArray[np.float32] = expit(logits)
    return found


def _features(
    names: Sequence[str],
    pixels: Callable[[str], NDArray[Any]],
    pooled: PooledFeatures,
    reporter: Reporter,
) -> NDArray[np.float32]:
    found = []
    for done, name in enumerate(names, start=1):
        found.append(pooled.of(pixels(name)).numpy())
        reporter.report("measure", done=done, total=len(names))
    return np.array(found, np.float32).reshape(len(names), -1)
