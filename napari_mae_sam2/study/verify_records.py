"""Is every record the one that the log vouches for; part of `verify`."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_mae_sam2.study.covered import (
    Covered,
    changed,
    hash_of,
    records_in,
)
from napari_mae_sam2.study.files import StudyError

_CASE = re.compile(r"cases[/\\]([A-Za-z0-9-]+)")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study


def verify_records(
    study: Study, events: list[Event], named: list[str], notes: list[str]
) -> Iterator[str]:
    """Compare every record with its hash in the log.

    Parameters
    ----------
    study : Study
        An opened study.
    events : list of Event
        What could be read of its log.
    named : list of str
        Sentences so far: a file that one of them names is not named again.
    notes : list of str
        Told of records that no event speaks of, where an earlier version wrote them.

    Yields
    ------
    str
        One sentence for each record that was changed, put there or taken away.
    """
    covered = Covered(study.folder)
    for event in events:
        covered.take(event)
    said = _Said(named)
    for path, wanted in covered.said().items():
        if said.names(path):
            continue
        try:
            found = hash_of(path.read_bytes())
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                yield f"{path} cannot be read ({(error.strerror or '').lower()})."
            elif path.parent.exists() or "rounds" in path.parts:
                yield f"{path} is missing: restore it from a backup."
            continue
        if found != wanted:
            with suppress(StudyError):  # a damaged event, which is named already
                covered.refresh()  # somebody may work on the study meanwhile
            if covered.wanted(path) != hash_of(path.read_bytes()):
                yield changed(path)
    known = covered.said()
    unknown: list[Path] = []
    for path in records_in(study.folder):
        if path in known or said.names(path):
            continue
        try:
            wrong = covered.doubt(path)
        except StudyError:
            return  # study.json is damaged, and named already
        if wrong is not None:
            yield wrong
        else:
            unknown.append(path)
    if unknown:
        one = len(unknown) == 1
        notes.append(
            f"The log says nothing of {len(unknown)} {'record' if one else 'records'}: "
            "an earlier version or a program that was killed wrote "
            f"{'it' if one else 'them'}. “study seal” takes "
            f"{'it' if one else 'them'} in. The first: "
            f"{unknown[0].relative_to(study.folder)}"
        )


class _Said:
    """The sentences so far, by case: there may be one for each of 100,000 cases."""

    def __init__(self, sentences: list[str]) -> None:
        self._by_case: dict[str, str] = {}
        self._all = "\n".join(sentences)
        for one in sentences:
            for case in set(_CASE.findall(one)):
                self._by_case[case] = f"{self._by_case.get(case, '')}{one}\n"

    def names(self, path: Path) -> bool:
        """Whether one of the sentences names a file."""
        found = _CASE.findall(str(path))
        near = self._by_case.get(found[-1], "") if found else self._all
        return str(path) in near
