"""What is written into the tables of an index, and what they know already."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from napari_mae_sam2.study.index_tables import natural_text
from napari_mae_sam2.study.queue_state import Happened, fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.queue_state import CaseState
    from napari_mae_sam2.study.records import CaseRecord, RevisionRecord

Key = tuple[str, str]
"""A case, and a reading of it; the reading is empty for the case itself."""

_ADD_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Rows:
    """Writes an index; the caller commits.

    Parameters
    ----------
    database : sqlite3.Connection
        With the tables of `index_tables`.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add_event(
        self, event: Event, folder: str, since: float, now: float
    ) -> Key | None:
        """Write an event; gives what it is about, None where that is no case.

        Parameters
        ----------
        event : Event
            From the log.
        folder : str
            Name of the folder it lies in.
        since, now : float
            Seconds since 1970 between which it came, whatever its own clock says.
        """
        reading = event.details.get("reading")
        key = (event.case or "", reading if isinstance(reading, str) else "")
        if event.event == "saved":
            found = _found_id(key, str(event.details.get("revision")))
            self._database.execute("DELETE FROM events WHERE id = ?", (found,))
        at = min(max(_seconds(event.time), since), now)
        self._database.execute(
            _ADD_EVENT,
            (
                *(event.id, event.number, folder, *key, event.event, event.grader),
                *(json.dumps(event.details), at),
            ),
        )
        return key if event.case else None

    def found_revision(self, record: RevisionRecord) -> None:
        """Count a revision that stands in its folder but was not logged."""
        key = (record.case, "")
        self._database.execute(
            _ADD_EVENT,
            (
                *(_found_id(key, record.id), 0, "", *key, "saved", record.grader),
                *(json.dumps(record.for_log()), _seconds(record.time)),
            ),
        )

    def write_case(self, record: CaseRecord) -> None:
        """Write a new case, or what was changed about one and its readings."""
        about = (record.patient, record.eye, record.visit, record.phase)
        said = tuple(value or "" for value in about)
        self._database.execute(
            "INSERT OR IGNORE INTO items (case_id, reading, sort, name, patient, eye, "
            "visit, phase, added) VALUES (?, '', ?, ?, '', '', '', '', ?)",
            (record.id, natural_text(record.name), record.name, record.added),
        )
        self._database.execute(
            "UPDATE items SET patient = ?, eye = ?, visit = ?, phase = ? "
            "WHERE case_id = ?",
            (*said, record.id),
        )

    def add_reading(self, event: Event, key: Key) -> None:
        """Add a blinded reading to the queue, at the place that was drawn for it."""
        case, reading = key
        place = str(event.details.get("place") or case)
        self._database.execute(
            "INSERT OR IGNORE INTO items (case_id, reading, sort, name, patient, eye, "
            "visit, phase, added) SELECT case_id, ?, "
            "coalesce((SELECT sort FROM items WHERE case_id = ? AND reading = ''), "
            "sort), name, patient, eye, visit, phase, ? FROM items "
            "WHERE case_id = ? AND reading = ''",
            (reading, place, event.time, case),
        )

    def fold(self, touched: Iterable[Key]) -> None:
        """Work out anew where cases stand, from all their events."""
        for key in touched:
            rows = self._database.execute(
                "SELECT event, grader, details, at FROM events "
                "WHERE case_id = ? AND reading = ? ORDER BY number, id",
                key,
            ).fetchall()
            if not rows:
                continue
            state = fold(
                Happened(event, grader, json.loads(details), at)
                for event, grader, details, at in rows
            )
            self._write_state(key, state)

    def _write_state(self, key: Key, state: CaseState) -> None:
        self._database.execute(
            "UPDATE items SET status = ?, grader = ?, assigned = ?, claimed_by = ?, "
            "claimed_until = ?, heads = ?, seconds = ?, answered = ? "
            "WHERE case_id = ? AND reading = ?",
            (
                *(state.status, state.grader, state.assigned, state.claimed_by),
                *(state.claimed_until, " ".join(state.heads), state.seconds),
                *(state.answered, *key),
            ),
        )

    # --- what is known -----------------------------------------------------------

    def knows(self, case: str) -> bool:
        """Tell whether a case is in the index."""
        found = self._database.execute(
            "SELECT 1 FROM items WHERE case_id = ? AND reading = ''", (case,)
        )
        return found.fetchone() is not None

    def cases(self) -> set[str]:
        """Give all cases in the index."""
        found = self._database.execute("SELECT case_id FROM items WHERE reading = ''")
        return {case for (case,) in found}

    def events_in(self, folder: str) -> set[str]:
        """Give the events of a folder of the log that are in the index."""
        found = self._database.execute(
            "SELECT id FROM events WHERE folder = ?", (folder,)
        )
        return {event for (event,) in found}

    def revisions(self, case: str) -> set[str]:
        """Give the revisions of a case that are in the index."""
        found = self._database.execute(
            "SELECT details FROM events WHERE case_id = ? AND reading = '' "
            "AND event = 'saved'",
            (case,),
        )
        return {str(json.loads(details).get("revision")) for (details,) in found}

    def remembered(self, folder: str) -> tuple[int, float] | None:
        """Give when a folder had changed, and when it was looked at; None for never."""
        found = self._database.execute(
            "SELECT changed, seen FROM folders WHERE folder = ?", (folder,)
        ).fetchone()
        return None if found is None else (int(found[0]), float(found[1]))

    def remember(self, folder: str, changed: int, seen: float) -> None:
        """Note when a folder had changed, in ns, and when it was looked at, in s."""
        self._database.execute(
            "INSERT OR REPLACE INTO folders VALUES (?, ?, ?)", (folder, changed, seen)
        )


def _found_id(key: Key, revision: str) -> str:
    return f"found {key[0]} {key[1]} {revision}"


def _seconds(when: str) -> float:
    try:
        return datetime.fromisoformat(when).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
