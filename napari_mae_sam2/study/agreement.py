"""How well two readings of one case agree: by somebody else, or by the same grader."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.study.readings import Reading
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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

    @property
    def difference(self) -> int:
        """Leakage of the second answer less that of the first, in pixels."""
        return self.areas[1] - self.areas[0]


@dataclass(frozen=True, slots=True)
class Summary:
    """How well two graders, or one with oneself, agree over many cases.

    Attributes
    ----------
    kind, graders
        As in `Agreement`.
    cases : int
        How many were compared.
    dice : float
        Mean over the cases.
    bias, low, high : float
        Mean difference of the areas in pixels, and the limits between which 95 % of
        the differences lie (Bland and Altman, Lancet 1986); NaN for a single case.
    icc : float
        Of the areas, see `absolute_agreement`.
    """

    kind: str
    graders: tuple[str, str]
    cases: int
    dice: float
    bias: float
    low: float
    high: float
    icc: float


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
        if again is None or again.status not in ANSWERED:
            continue  # "cannot_grade" says nothing of leakage
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


def count_planned(study: Study) -> int:
    """Count the blinded readings that were asked for, answered or not."""
    return sum(event.event == "reading" for event in study.log.events())


def summarise(compared: Iterable[Agreement]) -> list[Summary]:
    """Put agreements together by kind and graders.

    Parameters
    ----------
    compared : iterable of Agreement
        From `agreements`.

    Returns
    -------
    list of Summary
        Ordered by kind and graders.
    """
    groups: dict[tuple[str, tuple[str, str]], list[Agreement]] = {}
    for one in compared:
        groups.setdefault((one.kind, one.graders), []).append(one)
    made = []
    for (kind, graders), ones in sorted(groups.items()):
        differences = np.array([one.difference for one in ones], float)
        spread = float(differences.std(ddof=1)) if len(ones) > 1 else math.nan
        bias = float(differences.mean())
        made.append(
            Summary(
                kind=kind,
                graders=graders,
                cases=len(ones),
                dice=float(np.mean([one.dice for one in ones])),
                bias=bias,
                low=bias - 1.96 * spread,
                high=bias + 1.96 * spread,
                icc=absolute_agreement(*zip(*(one.areas for one in ones), strict=True)),
            )
        )
    return made


def absolute_agreement(first: Sequence[float], second: Sequence[float]) -> float:
    """ICC(2,1): two-way random effects, absolute agreement, single measurement.

    Shrout and Fleiss 1979; the measure of reading centers for areas.

    Returns
    -------
    float
        Up to 1; NaN for fewer than two pairs or without any spread.
    """
    table = np.array([first, second], float).T  # [n, 2]
    count, raters = len(table), 2
    if count < 2:
        return float("nan")
    whole = table.mean()
    rows = raters * ((table.mean(1) - whole) ** 2).sum() / (count - 1)
    columns = count * ((table.mean(0) - whole) ** 2).sum() / (raters - 1)
    rest = table - table.mean(1, keepdims=True) - table.mean(0) + whole
    error = (rest**2).sum() / ((count - 1) * (raters - 1))
    spread = rows + (raters - 1) * error + raters * (columns - error) / count
    return float((rows - error) / spread) if spread > 0 else float("nan")
