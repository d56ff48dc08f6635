"""What can be asked of a study's index: filter, sort, count, next and previous."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.queue_state import STATUSES, QueueStatus

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

Order = Literal["name", "patient", "status", "grader", "answered", "added", "seconds"]

# What is shown of a case that somebody has in work right now.
_STATUS = (
    "CASE WHEN claimed_until > :now AND status IN ('new', 'proposed') "
    "THEN 'in_work' ELSE status END"
)

_ORDERS: dict[Order, tuple[str, ...]] = {
    "name": ("sort", "item"),
    "patient": ("patient", "sort", "item"),
    "status": ("status", "sort", "item"),
    "grader": ("grader", "sort", "item"),
    "answered": ("answered", "item"),
    "added": ("added", "item"),
    "seconds": ("seconds", "item"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A case, or a blinded reading of one, as it stands in the queue.

    Attributes
    ----------
    item : int
        Its row in this index; another one after the index was made anew.
    case, reading : str
        The case; `reading` is empty for the case itself.
    name, patient, eye, visit, phase, added : str
        As in case.json; empty where nothing is said.
    status : str
        One of `STATUSES`.
    grader, assigned, claimed_by : str
        Who answered last, whom it is meant for, who has it in work now.
    heads : tuple of str
        Revisions that none corrects; more than one are a conflict.
    seconds, answered : float
        Time on task, and when it was answered in seconds since 1970; 0 for never.
    """

    item: int
    case: str
    reading: str
    name: str
    patient: str
    eye: str
    visit: str
    phase: str
    added: str
    status: QueueStatus
    grader: str
    assigned: str
    claimed_by: str
    heads: tuple[str, ...]
    seconds: float
    answered: float

    @property
    def code(self) -> str:
        """A name that says nothing, for blinded work: six digits and letters."""
        digest = hashlib.sha256(f"{self.case} {self.reading}".encode())
        return digest.hexdigest()[:6].upper()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are meant; what is None says nothing.

    Attributes
    ----------
    statuses : tuple of str
        Any of these; empty for all.
    patient, eye, visit, phase, grader, assigned : str or None
        Exactly this; "" for those where nothing is said.
    text : str
        Part of the name or of the patient's pseudonym, in any case.
    conflict : bool
        Those with parallel revisions only.
    free_for : str or None
        What this grader may take: assigned to them or to nobody, in nobody else's
        hands, and no reading of somebody else.
    first_readings : bool
        Leave blinded readings out.
    """

    statuses: tuple[QueueStatus, ...] = ()
    patient: str | None = None
    eye: str | None = None
    visit: str | None = None
    phase: str | None = None
    grader: str | None = None
    assigned: str | None = None
    text: str = ""
    conflict: bool = False
    free_for: str | None = None
    first_readings: bool = False

    def where(self, now: float) -> tuple[str, dict[str, Any]]:
        """Give the condition in SQL, and its values."""
        parts, values = ["1"], dict[str, Any](now=now)
        if self.statuses:
            names = [f":status{i}" for i in range(len(self.statuses))]
            parts.append(f"{_STATUS} IN ({', '.join(names)})")
            values |= {f"status{i}": one for i, one in enumerate(self.statuses)}
            # The stored status of a case in work is another one; the index on it
            # still helps where that cannot matter.
            if "in_work" not in self.statuses:
                parts.append(f"status IN ({', '.join(names)})")
        for column in ("patient", "eye", "visit", "phase", "grader", "assigned"):
            wanted = getattr(self, column)
            if wanted is not None:
                parts.append(f"{column} = :{column}")
                values[column] = wanted
        if self.text:
            parts.append("(instr(lower(name), :text) OR instr(lower(patient), :text))")
            values["text"] = self.text.lower()
        if self.conflict:
            parts.append("instr(heads, ' ') > 0")
        if self.free_for is not None:
            parts.append(
                "(assigned = :me OR (assigned = '' AND reading = '')) "
                "AND (claimed_by IN ('', :me) OR claimed_until <= :now)"
            )
            values["me"] = self.free_for
        if self.first_readings:
            parts.append("reading = ''")
        return " AND ".join(parts), values


EVERYTHING = Filter()


def check_order(name: str) -> Order:
    """Give the order of that name; `StudyError` where there is none."""
    for order in _ORDERS:
        if order == name:
            return order
    raise StudyError(f"Cases cannot be sorted by {name}: say {', '.join(_ORDERS)}.")


class Query:
    """Answers from the tables of an index.

    Parameters
    ----------
    database : sqlite3.Connection
        With the tables of `index_tables`.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def items(
        self,
        wanted: Filter = EVERYTHING,
        *,
        now: float,
        order: Order = "name",
        descending: bool = False,
        limit: int = 200,
        offset: int = 0,
    ) -> list[Item]:
        """List cases.

        Parameters
        ----------
        wanted : Filter
            Which.
        now : float
            Seconds since 1970: claims that ended before count no more.
        order : str
            Sort by this, then by name.
        descending : bool
            The other way round.
        limit, offset : int
            How many, and how many to pass over; a window asks for what it shows.

        Returns
        -------
        list of Item
            At most `limit`.
        """
        condition, values = wanted.where(now)
        way = " DESC" if descending else ""
        keys = ", ".join(f"{column}{way}" for column in _ORDERS[order])
        return self._select(
            f"{condition} ORDER BY {keys} LIMIT :limit OFFSET :offset",
            values | {"limit": limit, "offset": offset},
        )

    def neighbour(
        self, item: Item | None, step: int, wanted: Filter = EVERYTHING, *, now: float
    ) -> Item | None:
        """Give the next (1) or previous (-1) case by name that a filter lets through.

        Parameters
        ----------
        item : Item or None
            Where to start; None for before the first, or behind the last.
        step : int
            1 or -1.
        wanted : Filter
            Which.
        now : float
            Seconds since 1970.

        Returns
        -------
        Item or None
            None where the list ends.
        """
        condition, values = wanted.where(now)
        sign, way = (">", "") if step > 0 else ("<", " DESC")
        if item is not None:
            condition += (
                f" AND (sort, item) {sign} "
                "((SELECT sort FROM items WHERE item = :start), :start)"
            )
            values["start"] = item.item
        found = self._select(
            f"{condition} ORDER BY sort{way}, item{way} LIMIT 1", values
        )
        return found[0] if found else None

    def item(self, case: str, reading: str = "", *, now: float) -> Item | None:
        """Give one case, or a reading of it; None where it is not known."""
        found = self._select(
            "case_id = :case AND reading = :reading",
            {"case": case, "reading": reading, "now": now},
        )
        return found[0] if found else None

    def counts(
        self, wanted: Filter = EVERYTHING, *, now: float
    ) -> dict[QueueStatus, int]:
        """Count cases by status; every status is named."""
        condition, values = wanted.where(now)
        rows = self._database.execute(
            f"SELECT {_STATUS}, count(*) FROM items WHERE {condition} GROUP BY 1",
            values,
        )
        found = dict(rows.fetchall())
        return {status: found.get(status, 0) for status in STATUSES}

    def answered_last(self, grader: str, limit: int) -> list[tuple[float, float]]:
        """Give when a grader answered and the time on task, the latest first."""
        rows = self._database.execute(
            "SELECT answered, seconds FROM items WHERE answered > 0 AND grader = ? "
            "ORDER BY answered DESC LIMIT ?",
            (grader, limit),
        )
        return rows.fetchall()

    def _select(self, rest: str, values: dict[str, Any]) -> list[Item]:
        rows: Sequence[tuple[Any, ...]] = self._database.execute(
            "SELECT item, case_id, reading, name, patient, eye, visit, phase, added, "
            f"{_STATUS}, grader, assigned, "
            "CASE WHEN claimed_until > :now THEN claimed_by ELSE '' END, "
            f"heads, seconds, answered FROM items WHERE {rest}",
            values,
        ).fetchall()
        return [Item(*(*row[:13], tuple(row[13].split()), *row[14:])) for row in rows]
