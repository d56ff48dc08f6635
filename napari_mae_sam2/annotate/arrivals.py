"""Makes cases of what was found; each frame is one case, however it came.

A frame may be known by its file and as a case of its study: the pixels tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from napari_mae_sam2.annotate.worklist import Case, Status
from napari_mae_sam2.fa.reading import frame_name, read_frame, readable
from napari_mae_sam2.study.spot import find_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.finding import FoundStudy, Listed, Listing
    from napari_mae_sam2.annotate.keeping import Keeping
    from napari_mae_sam2.annotate.queue_cases import QueueCases
    from napari_mae_sam2.study.places import Places

_One = TypeVar("_One")

_OPEN = (Status.NEW, Status.PROPOSED, Status.IN_WORK)


@dataclass(frozen=True, slots=True)
class KnownCase:
    """What a study says of one of its cases: id, name, and where it stands."""

    case: str
    name: str
    status: Status


class Arrivals:
    """Makes cases; one that is in memory is found again and not made anew.

    Parameters
    ----------
    places : Places
        Where labels of a folder of frames go.
    keeping : Keeping
        The cases in memory.
    study_cases : QueueCases
        The cases of studies.
    """

    def __init__(
        self, places: Places, keeping: Keeping, study_cases: QueueCases
    ) -> None:
        self._places = places
        self._keeping = keeping
        self._study_cases = study_cases

    def cases_of(self, listed: Listed) -> list[Case]:
        """Make the cases of what was found, those of studies first."""
        cases: list[Case] = []
        for study in listed.studies:
            cases += self._of_study(study)
        for path in listed.files:
            case = self.case_of(path)
            case.sha256 = listed.hashes.get(path, case.sha256)
            cases.append(case)
        doubles = set(map(id, doubles_among(cases)))
        return [case for case in cases if id(case) not in doubles]

    def case_of(self, path: Path, page: int = 0, pages: int = 1) -> Case:
        """Give the case of a page of a file that has so many."""
        study = self._places.study_of(path.parent)
        known = self._keeping.case_of(path, page, study)
        if known is not None:
            return known
        stem = readable(path.stem)
        name = stem if pages == 1 else f"{stem}, page {page + 1}"
        load = partial(read_frame, path, page)
        return Case(name, load, study, path, page)

    def further_pages(self, case: Case, pages: int) -> list[Case]:
        """Give the cases behind the first page of a file that has so many."""
        if case.path is None or case.page or pages == 1:
            return []
        case.name = f"{readable(case.path.stem)}, page 1"
        return [self.case_of(case.path, page, pages) for page in range(1, pages)]

    def first_of(
        self, wish: Listing, listed: Listed, cases: Sequence[Case]
    ) -> Case | None:
        """Give the case to begin with.

        The one that was asked for; of a study the first that waits for an answer;
        else the first.
        """
        spot = None if wish.first is None else find_study(wish.first)
        wanted = {study.first for study in listed.studies if study.first}
        for case in cases:
            if spot is not None and (case.study, case.case_id) == (
                spot.folder,
                spot.case,
            ):
                return case
            if case.path is not None and case.path == wish.first:
                return case
        for case in cases:
            if case.case_id in wanted and case.case_id:
                return case
        waiting = (case for case in cases if case.case_id and case.status in _OPEN)
        return next(waiting, cases[0] if cases else None)

    def twin_in(self, case: Case, cases: Sequence[Case]) -> Case:
        """Give a case, or what stands for it in a list where it was left out."""
        if case in cases:
            return case
        for one in cases:
            if _same_file(one, case):
                return one
            if one in doubles_among([one, case], keep=case):
                return one
        return cases[0]

    def _of_study(self, found: FoundStudy) -> list[Case]:
        cases = []
        for item in found.items:
            case = self._study_cases.of(found.folder, item.case, item.name)
            if case.status is not Status.UNSAVED:
                case.status = Status.of(item.status, item.heads)
            cases.append(case)
        return cases


def doubles_among(cases: Iterable[Case], keep: Case | None = None) -> list[Case]:
    """Find the cases that are in a list twice: as a file, and as a case of its study.

    Parameters
    ----------
    cases : iterable of Case
        The list.
    keep : Case, optional
        The one in hand: it stays, and the other one goes.

    Returns
    -------
    list of Case
        One of each two; the file stays where neither is in hand.
    """
    groups: dict[tuple[Path, str], tuple[list[Case], list[Case]]] = {}
    for case in cases:
        if case.reading or _is_coded(case):
            continue
        digits = case.case_id[-12:] or case.sha256[:12]
        if digits:
            of_study, others = groups.setdefault((case.study, digits), ([], []))
            (of_study if case.case_id else others).append(case)
    doubles = []
    for of_study, others in groups.values():
        for case in others:
            twin = _same(case, of_study, [one.name for one in of_study])
            if twin is None or (len(others) > 1 and twin.name != _name_of(case)):
                continue
            of_study.remove(twin)
            doubles.append(case if twin is keep else twin)
    return doubles


def match(cases: Iterable[Case], known: Sequence[KnownCase]) -> dict[Case, KnownCase]:
    """Find what a study says of cases whose labels lie in it.

    Parameters
    ----------
    cases : iterable of Case
        Of that study; a file whose pixels nobody has looked at yet is passed over.
    known : sequence of KnownCase
        Every case of the study.
    """
    by_id = {one.case: one for one in known}
    by_digits: dict[str, list[KnownCase]] = {}
    for one in known:
        by_digits.setdefault(one.case[-12:], []).append(one)
    found: dict[Case, KnownCase] = {}
    for case in cases:
        if case.reading:
            continue
        if case.case_id:
            found_one = by_id.get(case.case_id)
        else:
            alike = by_digits.get(case.sha256[:12], []) if case.sha256 else []
            found_one = _same(case, alike, [one.name for one in alike])
        if found_one is not None:
            found[case] = found_one
    return found


def _same(case: Case, alike: Sequence[_One], names: Sequence[str]) -> _One | None:
    """Choose among cases of the same pixels: the same name, or the only one."""
    for one, name in zip(alike, names, strict=True):
        if name == _name_of(case):
            return one
    return alike[0] if len(alike) == 1 else None


def _is_coded(case: Case) -> bool:
    """Tell whether a case goes by a code, as all do where some are read blinded."""
    return bool(case.case_id) and re.fullmatch(r"[0-9A-F]{6}", case.name) is not None


def _same_file(one: Case, other: Case) -> bool:
    if one.path is None or other.path is None or one.page != other.page:
        return False
    if one.path.name != other.path.name:
        return False
    return one.path == other.path or one.path.resolve() == other.path.resolve()


def _name_of(case: Case) -> str:
    if case.path is None:
        return case.name
    return frame_name(case.path) + (f" page {case.page + 1}" if case.page else "")
