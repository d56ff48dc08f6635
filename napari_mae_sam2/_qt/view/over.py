"""What tools lay over the canvas for a while, beside how the grader likes the view."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_mae_sam2._qt.view.legend import Entry
    from napari_mae_sam2._qt.view.outlines import Outlined


class Lesions(IntEnum):
    """How lesions and proposal are seen below it."""

    AS_CHOSEN = 0
    OUTLINED = 1
    HIDDEN = 2


@dataclass(frozen=True, slots=True)
class Over:
    """What one tool lays over the canvas.

    Attributes
    ----------
    legend : tuple of Entry
        What its colours mean.
    lesions : Lesions
        How lesions and proposal are to be seen.
    outlined : tuple of Outlined
        What is drawn as outlines of its own.
    """

    legend: tuple[Entry, ...] = ()
    lesions: Lesions = Lesions.AS_CHOSEN
    outlined: tuple[Outlined, ...] = ()


def together(overs: Iterable[Over]) -> Over:
    """Put what several tools want into one; lesions are hidden where one wants it."""
    every = list(overs)
    return Over(
        tuple(entry for over in every for entry in over.legend),
        max((over.lesions for over in every), default=Lesions.AS_CHOSEN),
        tuple(one for over in every for one in over.outlined),
    )
