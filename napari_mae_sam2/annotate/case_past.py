"""What is not pixels of a case at one moment, and where a case was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.history import Step
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.review import Review


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Where a case was left, beside its labels and lesions.

    Attributes
    ----------
    origins : uint8 array of shape (H, W)
        See `Origin`.
    draft
        The prompts in hand.
    review
        The patches that were not judged yet.
    done, undone : tuple of Step
        The history.
    """

    origins: NDArray[np.uint8]
    draft: Draft
    review: Review | None
    done: tuple[Step, ...]
    undone: tuple[Step, ...]


class Before(NamedTuple):
    """What is not pixels of a whole case, at the beginning of a step."""

    draft: Draft
    choice: int
    lesions: dict[int, Lesion]
    review: Review | None
    threshold: float
