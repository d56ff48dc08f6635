"""How well two readings of one case agree: by somebody else, or by the same grader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.study.queue_state import ANSWERS
from napari_mae_sam2.study.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_mae_sam2.study.folder import Study


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two labels of one case.

    Attributes
    ----------
    case, reading, kind : str
        "second" for two graders, "repeat" for one who read it twice.
    graders : tuple of str
        Who read first and who read again.
    areas : tuple of int
        Leakage in pixels, in that order.
    dice : float
        2 |A and B| / (|A| + |B|) (Dice, Ecology 26, 1945); 1 where both say that there
        is no leakage.
    """

    case: str
    reading: str
    kind: str
    graders: tuple[str, str]
    areas: tuple[int, int]
    dice: float


def agreements(study: Study) -> Iterator[Agreement]:
    """Compare every blinded reading that was answered with what was found before.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Agreement
        In the order in which the readings were planned.

    Raises
    ------
    StudyError
        If a record or a label is damaged.
    """
    for event in study.log.events():
        if event.event != "reading" or event.case is None:
            continue
        reading = Reading(study, str(event.details.get("reading")))
        again = reading.latest_revision(event.case)
        if again is None or again.status not in ANSWERS:
            continue
        first = study.revision(event.case, str(event.details.get("of")))
        a = study.load_labels(first) > 0
        b = reading.load_labels(again) > 0
        both, total = int(np.sum(a & b)), int(a.sum() + b.sum())
        yield Agreement(
            case=event.case,
            reading=reading.reading,
            kind=str(event.details.get("kind")),
            graders=(first.grader, again.grader),
            areas=(int(a.sum()), int(b.sum())),
            dice=2 * both / total if total else 1.0,
        )
