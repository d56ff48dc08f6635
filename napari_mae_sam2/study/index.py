"""A quick index of a large study: SQLite, outside the study, made anew at will.

It holds nothing that is not in the study folder, so it may be lost or deleted; it is
never put on a shared drive, whose locks SQLite could not trust.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from typing import TYPE_CHECKING, Self

from napari_mae_sam2.fa.odd_names import path_bytes
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.index_answers import Query
from napari_mae_sam2.study.index_rows import Key, Rows
from napari_mae_sam2.study.index_tables import connect
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.migration import study_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study

log = logging.getLogger(__name__)

SETTLED = 3.0
"""A folder that changed within so many seconds is looked at again: its time of change
is coarse on some drives."""

REFRESHED = "refreshed"
"""Stands among the folders, and says when the index was brought up to date."""


class Index(Query):
    """The index of one study; for one thread. Made by `open`.

    Attributes
    ----------
    troubles : list of str
        A sentence for each file that the last refresh could not read and left out.
    """

    def __init__(
        self, study: Study, database: sqlite3.Connection, clock: Callable[[], float]
    ) -> None:
        super().__init__(database)
        self.troubles: list[str] = []
        self._study = study
        self._rows = Rows(database)
        self._clock = clock
        self._stopped: Callable[[], bool] = lambda: False

    @classmethod
    def open(
        cls,
        study: Study,
        place: Path | None,
        *,
        anew: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the index of a study as it was left; see `refresh`.

        Parameters
        ----------
        study : Study
            The study.
        place : Path or None
            Folder on this computer that holds indexes; None keeps it in memory.
        anew : bool
            Forget what there is.
        clock : callable
            Gives seconds since 1970.

        Raises
        ------
        StudyError
            If study.json cannot be read.
        """
        where = f"{study_id(study)} ".encode() + path_bytes(study.folder)
        name = hashlib.sha256(where).hexdigest()[:24]
        if place is not None:
            file = place / f"{name}.sqlite"
            for attempt in range(2):
                try:
                    place.mkdir(parents=True, exist_ok=True)
                    if anew or attempt:
                        for path in place.glob(f"{name}.sqlite*"):
                            path.unlink()
                    return cls(study, connect(str(file)), clock)
                except (OSError, sqlite3.Error) as error:
                    log.warning("The index %s is made anew: %s", file, error)
        return cls(study, connect(":memory:"), clock)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def refresh(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Take in what happened since the last time; reads nothing twice.

        Parameters
        ----------
        stopped : callable
            Answers True once nobody wants it any more: a large study takes a while
            the first time.

        Raises
        ------
        StudyError
            If the folder cannot be listed, or it was stopped; the index is then as
            it was.
        """
        self.troubles = []
        self._stopped = stopped
        try:
            with self._database:
                began = self._clock()
                touched = self._take_events() | self._take_cases()
                for case, _reading in touched:
                    # Listed late by a drive that is slow to tell, or by none.
                    if not self._rows.knows(case):
                        self._read_case(case)
                self._rows.fold(touched)
                self._rows.remember(REFRESHED, 0, began)
        except sqlite3.Error as error:
            raise StudyError(
                f"The index of {self._study.folder} cannot be written "
                f"({str(error).lower()}): free some space on this computer's disk."
            ) from error

    # --- inside ----------------------------------------------------------------

    def _take_events(self) -> set[Key]:
        touched: set[Key] = set()
        last = self._rows.remembered(REFRESHED)
        since = 0.0 if last is None else last[1]
        for folder in self._study.log.folders():
            changed = self._changed(folder)
            if changed is None:
                continue
            known = self._rows.events_in(folder.name)
            for name in self._study.log.ids(folder):
                if name in known:
                    continue
                self._go_on()
                try:
                    event = self._study.log.read(name)
                except StudyError as error:
                    self._name(error)
                    changed = 0  # look again next time
                    continue
                touched |= self._take(event, folder.name, since)
            self._rows.remember(folder.name, changed, time.time())
        return touched

    def _take(self, event: Event, folder: str, since: float) -> set[Key]:
        key = self._rows.add_event(event, folder, since, self._clock())
        cases = event.details.get("cases") if event.event == "added" else None
        added = {str(one) for one in cases} if isinstance(cases, list) else set()
        for case in added:
            self._read_case(case)
        if key is None:
            return {(case, "") for case in added}
        if event.event == "relabelled" or not self._rows.knows(key[0]):
            self._read_case(key[0])
        if event.event == "reading":
            self._rows.add_reading(event, key)
        return {key}

    def _take_cases(self) -> set[Key]:
        folder = self._study.folder / "cases"
        if not folder.exists() and (self._study.folder / STUDY_FILE).is_file():
            return set()  # no case yet; without study.json the drive would be gone
        changed = self._changed(folder)
        if changed is None:
            return set()
        known = self._rows.cases()
        new = [case for case in self._study.case_ids() if case not in known]
        touched = {(case, "") for case in new if self._read_case(case)}
        self._rows.remember(folder.name, changed, time.time())
        return touched

    def _read_case(self, case: str) -> bool:
        self._go_on()
        try:
            record = self._study.case(case)
            if record.id != case:
                raise StudyError(f"The folder {case} holds the case {record.id}.")
            self._rows.write_case(record)
            seen = self._rows.revisions(case)
            for name in self._study.revision_ids(case):
                if name not in seen:
                    self._rows.found_revision(self._study.revision(case, name))
        except StudyError as error:
            self._name(error)
            return False
        return True

    def _go_on(self) -> None:
        if self._stopped():
            raise StudyError("The index was not finished: it is next time.")

    def _name(self, error: StudyError) -> None:
        if str(error) not in self.troubles:
            self.troubles.append(str(error))

    def _changed(self, folder: Path) -> int | None:
        """Give a folder's time of change, None where nothing is new in it."""
        try:
            changed = folder.stat().st_mtime_ns
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StudyError(f"{folder} cannot be read ({reason}).") from error
        before = self._rows.remembered(folder.name)
        if before is None or before[0] != changed:
            return changed
        return changed if before[1] < changed / 1e9 + SETTLED else None
