"""Which folders of a study are cases, and what beside them is none.

Systems, drives and people put things there: desktop.ini, @eaDir, lost+found, "CASE -
Copy", copies of programs that synchronise. By its name none of it is a case.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from pathlib import Path

SURE_NS = 2_500_000_000
"""A folder's time may be as coarse as two seconds: what is newer is not sure."""

_MANY = 2000
_SHARE = 20

_CASE = re.compile(r"[A-Za-z0-9-]{1,67}-[0-9a-f]{12}")  # as `cases.case_id` makes them


def case_names(study: Path) -> list[str]:
    """List the names of a study's case folders, in no order.

    A study without a folder `cases` has no case yet; where `study.json` is missing as
    well, its drive is gone.

    Raises
    ------
    OSError
        If the folder `cases` cannot be read.
    """
    try:
        with os.scandir(study / "cases") as entries:
            return [one.name for one in entries if _is_case(one)]
    except FileNotFoundError:
        if (study / STUDY_FILE).is_file():
            return []
        raise


def _is_case(entry: os.DirEntry[str]) -> bool:
    return _CASE.fullmatch(entry.name) is not None and entry.is_dir()


class CasesByHash:
    """Finds case folders by the hash of their frame, which is the end of their names.

    The folder is listed anew only where something was added to it or removed. Of many
    cases a list also serves for `_SHARE` times as long as it took to make: adding
    100,000 frames must not list all of them for each.

    Parameters
    ----------
    study : Path
        The study folder.
    """

    def __init__(self, study: Path) -> None:
        self._study = study
        self._names: dict[str, list[str]] = {}
        self._stamp: int | None = None
        self._until = 0.0

    def of(self, sha256: str) -> list[str]:
        """Give the cases whose frame may have this hash."""
        if time.monotonic() >= self._until:
            try:
                self._refresh()
            except OSError:
                return []
        return self._names.get(sha256[:12], [])

    def add(self, case: str) -> None:
        """Take in a case that was just added."""
        known = self._names.setdefault(case[-12:], [])
        if case not in known:
            known.append(case)

    def _refresh(self) -> None:
        stamp = (self._study / "cases").stat().st_mtime_ns
        if self._stamp == stamp and time.time_ns() - stamp >= SURE_NS:
            return
        start = time.monotonic()
        found = case_names(self._study)
        self._names = {}
        for name in found:
            self._names.setdefault(name[-12:], []).append(name)
        self._stamp, end = stamp, time.monotonic()
        if len(found) > _MANY:
            self._until = end + _SHARE * (end - start)
