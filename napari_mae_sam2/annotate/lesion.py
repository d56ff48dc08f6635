"""What is known of one committed lesion besides its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.draft import Draft


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """A lesion of the label image, by its number.

    Attributes
    ----------
    number
        Its value in the label image, from 1.
    draft
        The clicks and boxes that made it, None where it was painted or imported.
    kind
        Kind of leakage; empty where the grader has not said.
    model
        Name of the model that proposed it; empty where it was painted.
    score
        The model's own score at commit, 0 to 1; None where it was painted.
    source
        Where its pixels come from: "model", "paint", or what an import said.
    comment
        A remark; kept as it was found.
    """

    number: int
    draft: Draft | None = None
    kind: str = ""
    model: str = ""
    score: float | None = None
    source: str = "paint"
    comment: str = ""
