"""Answers from a study's index: filter, sort, count, next and previous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_mae_sam2.study.index_query import (
    EVERYTHING,
    ORDERS,
    STATUS_SQL,
    Filter,
    Item,
    Order,
)
from napari_mae_sam2.study.queue_state import ANSWERS, STATUSES, QueueStatus

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


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
        keys = ", ".join(f"{column}{way}" for column in ORDERS[order])
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

    def standings(
        self, *, now: float
    ) -> list[tuple[str, str, QueueStatus, tuple[str, ...]]]:
        """Give id, name, status and heads of every case, without blinded readings."""
        rows = self._database.execute(
            f"SELECT case_id, name, {STATUS_SQL}, heads FROM items WHERE reading = ''",
            {"now": now},
        )
        return [
            (case, name, status, tuple(h.split())) for case, name, status, h in rows
        ]

    def graders(self) -> list[str]:
        """Name everybody who answered a case or is meant to, in order."""
        rows = self._database.execute(
            "SELECT grader FROM items WHERE grader != '' UNION "
            "SELECT assigned FROM items WHERE assigned != '' ORDER BY 1"
        )
        return [grader for (grader,) in rows]

    def has_readings(self) -> bool:
        """Tell whether any case is to be read blinded."""
        found = self._database.execute(
            "SELECT 1 FROM items WHERE reading != '' LIMIT 1"
        )
        return found.fetchone() is not None

    def is_to_read(self, grader: str) -> bool:
        """Tell whether a grader has a blinded reading to answer."""
        marks = ", ".join("?" for _ in ANSWERS)
        found = self._database.execute(
            "SELECT 1 FROM items WHERE reading != '' AND assigned = ? "
            f"AND status NOT IN ({marks}) LIMIT 1",
            (grader, *ANSWERS),
        )
        return found.fetchone() is not None

    def counts(
        self, wanted: Filter = EVERYTHING, *, now: float
    ) -> dict[QueueStatus, int]:
        """Count cases by status; every status is named."""
        condition, values = wanted.where(now)
        rows = self._database.execute(
            f"SELECT {STATUS_SQL}, count(*) FROM items WHERE {condition} GROUP BY 1",
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
            f"{STATUS_SQL}, grader, assigned, "
            "CASE WHEN claimed_until > :now THEN claimed_by ELSE '' END, "
            f"heads, seconds, answered FROM items WHERE {rest}",
            values,
        ).fetchall()
        return [Item(*(*row[:13], tuple(row[13].split()), *row[14:])) for row in rows]
