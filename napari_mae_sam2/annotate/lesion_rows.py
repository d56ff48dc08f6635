"""What a table of lesions shows: one row for each, quick however large the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.session import CaseSession


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One lesion, as far as a grader wants to compare it with others.

    Attributes
    ----------
    number : int
        Its value in the label image.
    kind : str
        Empty where the grader has not said.
    area : int
        Pixels.
    percent : float or None
        Part of the photographed field in percent; None while that is not known.
    intensity : float
        Mean grey value as stored.
    comment : str
        As the grader wrote it.
    """

    number: int
    kind: str
    area: int
    percent: float | None
    intensity: float
    comment: str


def lesion_rows(session: CaseSession, field_pixels: int | None) -> list[LesionRow]:
    """List the lesions of a case by number.

    Parameters
    ----------
    session : CaseSession
        The case.
    field_pixels : int, optional
        Size of its photographed field, None while that is not known.
    """
    image = session.image
    return [
        LesionRow(
            lesion.number,
            lesion.kind,
            area := image.area(lesion.number),
            None if field_pixels is None else 100 * area / max(field_pixels, 1),
            image.mean_intensity(lesion.number),
            lesion.comment,
        )
        for lesion in session.present_lesions()
    ]
