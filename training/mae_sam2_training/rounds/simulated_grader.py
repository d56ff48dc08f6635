"""A grader who knows the truth: accepts, rejects, clicks and paints, and counts.

The same prompts as at the window (`evaluation.grader`), and paint for what clicks do
not bring. Two ways are compared: correcting what the model proposes, and starting from
an empty frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from skimage.measure import label as connected

from mae_sam2_training.config import Fraction, Section
from mae_sam2_training.evaluation.detection import detect
from mae_sam2_training.evaluation.grader import click_until_right
from mae_sam2_training.metrics import dice
from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Embedding, Predictor


class GraderConfig(Section):
    """What the simulated grader is content with, and how it paints."""

    enough: Fraction = 0.85
    """Dice of a lesion at which it is left as it is."""
    clicks: int = Field(5, ge=1)
    """Clicks on a lesion at most before the rest is painted."""
    stroke: int = Field(400, ge=1)
    """Pixels that one stroke of the brush adds or takes away."""
    strokes: int = Field(1, ge=0)
    """Where so few strokes would do, the grader paints and asks nothing."""
    min_area: int = Field(20, ge=1)
    """Patches of fewer pixels are not shown."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a frame took.

    Attributes
    ----------
    decisions : int
        Patches accepted, all together as one, or rejected or edited, each for itself.
    clicks : int
        Prompts.
    strokes : int
        Of the brush.
    """

    decisions: int = 0
    clicks: int = 0
    strokes: int = 0

    @property
    def total(self) -> int:
        """Presses of the mouse button or of a key."""
        return self.decisions + self.clicks + self.strokes

    def __add__(self, other: Effort) -> Effort:
        """Add up what two frames or lesions took."""
        return Effort(
            self.decisions + other.decisions,
            self.clicks + other.clicks,
            self.strokes + other.strokes,
        )


def from_nothing(
    predictor: Predictor,
    embedding: Embedding,
    lesions: NDArray[np.uint16],
    config: GraderConfig,
) -> Effort:
    """Label a frame that shows no proposal.

    Parameters
    ----------
    predictor : Predictor
        Answers the clicks.
    embedding : Embedding
        Of the frame.
    lesions : uint16 array of shape (H, W)
        The known truth, ids from 1.
    config : GraderConfig
    """
    effort = Effort()
    nothing = np.zeros(lesions.shape, bool)
    for number in lesion_ids(lesions):
        effort += _mend(predictor, embedding, nothing, lesions == number, config)
    return effort


def from_proposals(
    predictor: Predictor,
    embedding: Embedding,
    lesions: NDArray[np.uint16],
    config: GraderConfig,
) -> Effort:
    """Correct what the model proposes for a frame; see `from_nothing`.

    All patches are accepted together, those of which less than half is leakage are
    rejected one by one, and every lesion that is not good enough is mended: a patch
    on it is taken up and corrected with clicks.
    """
    answer: NDArray[np.bool_] = predictor.decode(embedding, Prompts()).logits[0] > 0
    patches = detect(answer, lesions, 0.5, config.min_area).labels
    sizes = np.bincount(patches.ravel())
    on_leakage = np.bincount(patches[lesions > 0], minlength=len(sizes))
    shown = [n for n in range(1, len(sizes)) if sizes[n] >= config.min_area]
    right = [n for n in shown if 2 * on_leakage[n] >= sizes[n]]
    effort = Effort(decisions=bool(shown) + len(shown) - len(right))
    for number in lesion_ids(lesions):
        lesion = lesions == number
        touched = np.intersect1d(np.unique(patches[lesion]), right)
        kept = np.isin(patches, touched) & ((lesions == 0) | lesion)
        effort += _mend(predictor, embedding, kept, lesion, config)
    return effort


def strokes_needed(
    current: NDArray[np.bool_], wanted: NDArray[np.bool_], config: GraderConfig
) -> int:
    """Count strokes until a lesion is good enough, the largest error first.

    Parameters
    ----------
    current, wanted : bool array of shape (H, W)
        What is there, and the truth.
    config : GraderConfig
    """
    error = current != wanted
    areas = connected(np.where(error, 1 + wanted.astype(np.uint8), 0), connectivity=1)
    both = int((current & wanted).sum())
    total = int(current.sum()) + int(wanted.sum())
    strokes = 0
    sizes = np.bincount(areas.ravel())
    missing = np.bincount(areas[wanted], minlength=len(sizes)) > 0
    for number in 1 + np.argsort(-sizes[1:], kind="stable"):
        if 2 * both >= config.enough * total:
            break
        size = int(sizes[number])
        strokes += -(-size // config.stroke)
        both += size if missing[number] else 0
        total += size if missing[number] else -size
    return strokes


def _mend(
    predictor: Predictor,
    embedding: Embedding,
    current: NDArray[np.bool_],
    lesion: NDArray[np.bool_],
    config: GraderConfig,
) -> Effort:
    """Bring one lesion from what is there to what is good enough."""
    if dice(current, lesion) >= config.enough:
        return Effort()
    painted = strokes_needed(current, lesion, config)
    if painted <= config.strokes:
        return Effort(strokes=painted)
    start = current if current.any() else None
    shown = click_until_right(
        predictor, embedding, lesion, 1, config.clicks, config.enough, start
    )
    # nobody undoes a good answer for a worse one: the best of them is painted on
    rest = [strokes_needed(mask, lesion, config) for mask in shown]
    clicks = int(np.argmin([n + strokes for n, strokes in enumerate(rest, start=1)]))
    return Effort(start is not None, clicks + 1, rest[clicks])
