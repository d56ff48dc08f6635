"""Which cases are read twice: blinded by a second grader, or once more by the same.

Drawn with a seed, so that a plan can be checked, and put at a random place among the
cases that wait: whoever reads cannot tell a repeated case from a new one.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.index_query import Item


@dataclass(frozen=True, slots=True)
class Planned:
    """A case to be read once more.

    Attributes
    ----------
    case : str
        Which.
    of : str
        The revision that the reading is to be compared with.
    kind : str
        "second" by another grader, "repeat" by the same.
    to : str
        Who reads it.
    place : str
        The case at whose place in the queue it comes.
    """

    case: str
    of: str
    kind: Literal["second", "repeat"]
    to: str
    place: str


def draw_seconds(
    items: Sequence[Item], graders: Sequence[str], share: float, seed: int
) -> list[Planned]:
    """Draw cases for a second grader.

    Parameters
    ----------
    items : sequence of Item
        The whole queue, readings among it: nobody is given a case twice.
    graders : sequence of str
        Who reads; each case goes to one who did not answer it.
    share : float
        Of all answered cases, 0 to 1; those that were planned before count in.
    seed : int
        Of the draw.

    Returns
    -------
    list of Planned
        In natural order of the cases.

    Raises
    ------
    StudyError
        If the share is none, or there are fewer than two graders.
    """
    if len(set(graders)) < 2:
        raise StudyError("A second reading needs two graders: name both.")
    turns = random.Random(seed)

    def other(item: Item) -> str:
        return turns.choice([one for one in graders if one != item.grader])

    firsts = [item for item in items if not item.reading]
    answered_by = {item.case: item.grader for item in firsts}
    known = {
        item.case
        for item in items
        if item.reading and item.assigned != answered_by.get(item.case)
    }
    return _draw(items, firsts, known, share, seed, other)


def draw_repeats(
    items: Sequence[Item], grader: str, share: float, seed: int
) -> list[Planned]:
    """Draw cases that a grader reads once more, for the agreement with oneself.

    Parameters
    ----------
    items : sequence of Item
        The whole queue, readings among it.
    grader : str
        Who answered them, and reads them again.
    share : float
        Of the cases that this grader answered, 0 to 1; see `draw_seconds`.
    seed : int
        Of the draw.

    Returns
    -------
    list of Planned
        In natural order of the cases.

    Raises
    ------
    StudyError
        If the share is none.
    """
    firsts = [item for item in items if not item.reading and item.grader == grader]
    known = {item.case for item in items if item.reading and item.assigned == grader}
    return _draw(items, firsts, known, share, seed, lambda _item: grader)


def plan(study: Cases, planned: Iterable[Planned], *, grader: str = "") -> list[str]:
    """Put readings into the queue; gives their ids.

    Raises
    ------
    StudyError
        If the log cannot be written; what was written before stays.
    """
    made = []
    for one in planned:
        reading = uuid.uuid4().hex[:8]
        details = {
            "reading": reading,
            "of": one.of,
            "kind": one.kind,
            "to": one.to,
            "place": one.place,
        }
        study.log.write("reading", grader=grader, case=one.case, details=details)
        made.append(reading)
    return made


def _draw(
    items: Sequence[Item],
    firsts: Sequence[Item],
    known: set[str],
    share: float,
    seed: int,
    reader: Callable[[Item], str],
) -> list[Planned]:
    if not 0 < share <= 1:
        raise StudyError(f"The share {share:g} is not above 0 and at most 1.")
    answered = [
        item for item in firsts if item.status == "done" and len(item.heads) == 1
    ]
    free = [item for item in answered if item.case not in known]
    wanted = round(share * len(answered)) - len(answered) + len(free)
    drawn = random.Random(seed)
    chosen = drawn.sample(free, min(max(wanted, 0), len(free)))
    chosen.sort(key=answered.index)
    waiting = [item.case for item in items if not item.reading and item.status == "new"]
    plans = []
    for item in chosen:
        places = waiting or [one.case for one in answered if one.case != item.case]
        to = reader(item)
        about: dict[str, Any] = {
            "kind": "repeat" if to == item.grader else "second",
            "place": drawn.choice(places) if places else item.case,
        }
        plans.append(Planned(case=item.case, of=item.heads[0], to=to, **about))
    return plans
