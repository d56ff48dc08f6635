"""What can be asked of a study's index: cases, filters, orders; see `index_answers`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from napari_mae_sam2.study.queue_state import QueueStatus

Order = Literal["name", "patient", "status", "grader", "answered", "added", "seconds"]

# What is shown of a case that somebody has in work right now.
STATUS_SQL = (
    "CASE WHEN claimed_until > :now AND status IN ('new', 'proposed') "
    "THEN 'in_work' ELSE status END"
)

ORDERS: dict[Order, tuple[str, ...]] = {
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
        Who answered last, whom it is assigned to, who has it in work now.
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
    seen_by : str or None
        Leave blinded readings of everybody but this grader out, who cannot tell them
        from other cases.
    cases : frozenset of str or None
        These alone, by their ids.
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
    seen_by: str | None = None
    cases: frozenset[str] | None = None

    def where(self, now: float) -> tuple[str, dict[str, Any]]:
        """Give the condition in SQL, and its values."""
        parts, values = ["1"], dict[str, Any](now=now)
        if self.statuses:
            names = [f":status{i}" for i in range(len(self.statuses))]
            parts.append(f"{STATUS_SQL} IN ({', '.join(names)})")
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
            # With "+" no index of these columns is used: the list is gone through in
            # its order, and most cases are free.
            parts.append(
                "(+assigned = :me OR (+assigned = '' AND reading = '')) "
                "AND (claimed_by IN ('', :me) OR claimed_until <= :now)"
            )
            values["me"] = self.free_for
        if self.first_readings:
            parts.append("reading = ''")
        if self.seen_by is not None:
            parts.append("(reading = '' OR assigned = :seen_by)")
            values["seen_by"] = self.seen_by
        if self.cases is not None:
            parts.append("case_id IN (SELECT value FROM json_each(:cases))")
            values["cases"] = json.dumps(sorted(self.cases))
        return " AND ".join(parts), values


EVERYTHING = Filter()


def check_order(name: str) -> Order:
    """Give the order of that name; `StudyError` where there is none."""
    for order in ORDERS:
        if order == name:
            return order
    raise StudyError(f"Cases cannot be sorted by {name}: say {', '.join(ORDERS)}.")
