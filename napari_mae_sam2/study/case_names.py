"""How written names find the cases of a study, although a study keeps no paths.

A folder's name may be a patient's. So case.json holds only hashes of the end of the
path that a frame came from: enough to tell "P1/OD_late.png" from "P2/OD_late.png" where
somebody writes one of them, and nothing that can be read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.fa.name_matching import (
    Ends,
    NameMatcher,
    folded,
    path_parts,
    without_page,
    without_suffix,
)
from napari_mae_sam2.fa.reading import frame_name
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.migration import study_id

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.fa.name_matching import Parts
    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.records import CaseRecord

DEPTH: Final = 4
"""How many parts of the path are told apart: the file and three folders above it."""


def path_hashes(frame: Frame, study: str) -> list[str]:
    """Hash the ends of the path of a frame, with and without the file's suffix.

    Parameters
    ----------
    frame : Frame
        As it was read.
    study : str
        The study's id: equal paths have other hashes in other studies.

    Returns
    -------
    list of str
        16 hexadecimal digits each, the shortest end first; empty for a frame whose
        name is not that of its file, such as the copy in another study.
    """
    if frame.path is None or without_page(frame.name)[0] not in _names_of(frame.path):
        return []
    parts = path_parts(str(frame.path.absolute()))
    ends: dict[Parts, None] = {}
    for depth in range(1, min(DEPTH, len(parts)) + 1):
        *above, last = parts[-depth:]
        ends[(*above, last)] = None
        ends[(*above, without_suffix(last))] = None
    return [_hash(end, study) for end in ends]


def _names_of(path: Path) -> tuple[str, str]:
    name = frame_name(path)
    return name, without_page(name)[0]


def _hash(parts: Parts, study: str) -> str:
    return hashlib.sha256(f"{study}\n{'/'.join(parts)}".encode()).hexdigest()[:16]


def case_matcher(
    study: Cases, on_damage: Callable[[StudyError], None] | None = None
) -> tuple[NameMatcher[str], dict[str, CaseRecord]]:
    """Make a matcher for all cases of a study.

    A case is found by its id, its name, and the path it was added from.

    Parameters
    ----------
    study : Cases
        The study.
    on_damage : callable, optional
        Told of every case that cannot be read, which is then passed over; without it
        the first raises `StudyError`.

    Returns
    -------
    matcher : NameMatcher of str
        Its frames are ids of cases.
    records : dict of str to CaseRecord
        The cases, by id.
    """
    records: dict[str, CaseRecord] = {}
    for case in study.case_ids():
        try:
            records[case] = study.case(case)
        except StudyError as error:
            if on_damage is None:
                raise
            on_damage(error)
    matcher: NameMatcher[str] = NameMatcher()
    for one in case_names(study, records):
        matcher.add(one.case, one.name, page=one.page, same=one.file, ends=one.ends)
    return matcher, records


@dataclass(frozen=True, slots=True)
class CaseName:
    """One way to name a case; see `NameMatcher.add` for what the fields mean."""

    case: str
    name: str
    page: int
    file: Hashable
    """Which file it is from: cases with one value are pages of one file."""
    ends: Ends | None = None


def case_names(study: Cases, records: Mapping[str, CaseRecord]) -> Iterator[CaseName]:
    """Give all names of some cases of a study."""
    salt = study_id(study)

    def key_of(parts: Parts) -> str:
        return _hash(parts[-DEPTH:], salt)

    files = _files(records.values())
    for case, record in records.items():
        yield CaseName(case, case, 1, files[case])
        file, page = without_page(record.name)
        known = dict.fromkeys(record.path_hashes)
        # A case that was renamed goes by its new name, whatever path it came from.
        is_of_path = any(
            key_of(path_parts(one)) in known for one in (record.name, file)
        )
        ends = Ends(tuple(known), key_of) if is_of_path else None
        yield CaseName(case, record.name, 1, files[case], ends)
        if file != record.name:
            yield CaseName(case, file, page, files[case], ends)


def _files(records: Iterable[CaseRecord]) -> dict[str, object]:
    """Say of each case which file it is from, as far as can be told.

    Cases with one value are pages of one file; a page that comes twice is of two.
    """
    found: dict[str, tuple[object, int]] = {}
    for record in records:
        base, page = without_page(record.name)
        found[record.id] = ((folded(base), tuple(record.path_hashes)), page)
    times = Counter(found.values())
    return {case: case if times[one] > 1 else one[0] for case, one in found.items()}
