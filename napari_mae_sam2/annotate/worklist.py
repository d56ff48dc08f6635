"""The cases that are open, in order, and which of them is in hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.study import status_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.queue_state import QueueStatus


class Status(Enum):
    """What has become of a case so far; the value says it in words."""

    NEW = status_words.WORDS["new"]
    PROPOSED = status_words.WORDS["proposed"]
    IN_WORK = status_words.WORDS["in_work"]
    GRADED = status_words.WORDS["done"]
    REVIEW = status_words.WORDS["needs_review"]
    CANNOT_GRADE = status_words.WORDS["cannot_grade"]
    CONFLICT = status_words.TWO_ANSWERS
    UNSAVED = status_words.NOT_SAVED
    UNREADABLE = status_words.CANNOT_OPEN

    @property
    def mark(self) -> str:
        """Its mark in a list of cases."""
        return _MARKS[self]

    @classmethod
    def of(cls, status: QueueStatus, heads: Sequence[str] = ()) -> Status:
        """Give the status of a case as the queue of its study has it.

        Parameters
        ----------
        status : str
            As in the queue.
        heads : sequence of str
            Revisions that none corrects; more than one are parallel answers.
        """
        return cls(status_words.words_of(status, heads))


_MARKS = {
    **{Status.of(name): mark for name, mark in status_words.MARKS.items()},
    Status.CONFLICT: status_words.TWO_ANSWERS_MARK,
    Status.UNSAVED: status_words.NOT_SAVED_MARK,
    Status.UNREADABLE: status_words.CANNOT_OPEN_MARK,
}


@dataclass(slots=True, eq=False)
class Case:
    """A frame to grade: a page of a file, or something that is drawn or in memory.

    Attributes
    ----------
    name : str
        As the grader knows it.
    load : callable
        Reads or draws the frame; slow; raises PlainError where it cannot.
    study : Path
        Study folder that its labels belong to, and always will.
    path : Path, optional
        The file it comes from; None also for a case of a study's queue.
    page : int
        Page of that file.
    status : Status
        What has become of it.
    trouble : str
        Why it cannot be opened or saved, or who else answered it.
    case_id, reading : str
        Of a case of a study's queue: its id there, and that of the blinded reading.
    sha256 : str
        Hash of its pixels; empty until somebody has looked at them.
    changed : int
        When its status was last noted, on the list's own clock.
    study_id : str
        Id of the study when the case was opened; empty where there was none.
    is_practice : bool
        True for the frame of the guided tour: nothing of it is ever saved.
    """

    name: str
    load: Callable[[], Frame]
    study: Path
    path: Path | None = None
    page: int = 0
    status: Status = Status.NEW
    trouble: str = ""
    case_id: str = ""
    reading: str = ""
    sha256: str = ""
    changed: int = 0
    study_id: str = ""
    is_practice: bool = False

    @property
    def place(self) -> LabelPlace:
        """Where its labels lie."""
        frames = None if self.path is None else self.path.parent
        return LabelPlace(self.study, self.case_id, self.reading, self.study_id, frames)


class Worklist:
    """Cases to step through."""

    changed = Signal()
    """Cases were added, or the status of one changed."""

    def __init__(self) -> None:
        self._cases: list[Case] = []
        self._index = -1
        self.clock = 0
        """Counts changes of status."""

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases in order."""
        return tuple(self._cases)

    @property
    def index(self) -> int:
        """Position of the case in hand, -1 where there is none."""
        return self._index

    @property
    def current(self) -> Case | None:
        """The case in hand."""
        return self._cases[self._index] if self._index >= 0 else None

    def replace(self, cases: Iterable[Case]) -> None:
        """Begin a new list; none of it is in hand yet."""
        self._cases = list(cases)
        self._index = -1
        self.changed.emit()

    def add(self, case: Case) -> int:
        """Append a case, unless its page is in the list already.

        Returns
        -------
        int
            Its position.
        """
        known = self.position_of(case.path, case.page)
        if known is not None:
            return known
        self._cases.append(case)
        self.changed.emit()
        return len(self._cases) - 1

    def extend(self, cases: Iterable[Case]) -> None:
        """Append cases, each page of a file and each case of a study once."""
        for case in cases:
            if case not in self._cases and not self._has_file(case):
                self._cases.append(case)
        self.changed.emit()

    def _has_file(self, case: Case) -> bool:
        """Tell whether the file of a case is in the list, however it is spelled."""
        if case.path is None:
            return False
        alike = [
            one.path
            for one in self._cases
            if one.path is not None
            and (one.path.name, one.page) == (case.path.name, case.page)
        ]
        return case.path in alike or (
            bool(alike) and case.path.resolve() in [one.resolve() for one in alike]
        )

    def insert_after(self, case: Case, others: Iterable[Case]) -> None:
        """Put further pages of a file behind its first, once."""
        if case not in self._cases:
            return
        new = [
            other
            for other in others
            if self.position_of(other.path, other.page) is None
        ]
        if new:
            position = self._cases.index(case) + 1
            self._cases[position:position] = new
            if self._index >= position:
                self._index += len(new)
            self.changed.emit()

    def take(self, index: int) -> Case:
        """Take the case at a position in hand.

        Raises
        ------
        IndexError
            If there is no such position.
        """
        if not 0 <= index < len(self._cases):
            raise IndexError(index)
        self._index = index
        self.changed.emit()
        return self._cases[index]

    def remove(self, cases: Iterable[Case]) -> None:
        """Take cases out; where the one in hand is among them none is in hand."""
        gone, current = list(cases), self.current
        self._cases = [case for case in self._cases if case not in gone]
        is_there = current is not None and current in self._cases
        self._index = self._cases.index(current) if current and is_there else -1
        self.changed.emit()

    def neighbour(self, step: int) -> int | None:
        """Position so many steps away, None where the list ends before."""
        index = self._index + step
        return index if 0 <= index < len(self._cases) else None

    def position_of(self, path: Path | None, page: int = 0) -> int | None:
        """Position of a page of a file, None where it is not in the list."""
        for position, known in enumerate(self._cases):
            if path is not None and (known.path, known.page) == (path, page):
                return position
        return None

    def position_of_drawn(self, name: str) -> int | None:
        """Position of a frame that comes from no file, None where it is not there."""
        for position, known in enumerate(self._cases):
            if known.path is None and known.name == name:
                return position
        return None

    def set_status(self, case: Case, status: Status, trouble: str = "") -> None:
        """Note what became of a case."""
        self.clock += 1
        case.changed = self.clock
        case.status = status
        case.trouble = trouble
        self.changed.emit()

    def follow(self, known: Mapping[Case, Status], since: int) -> None:
        """Take over what a study says of its cases.

        Parameters
        ----------
        known : mapping of Case to Status
            What was read in the study.
        since : int
            What `clock` was before that: what was noted later stays.
        """
        is_new = False
        for case, status in known.items():
            is_free = case.status not in (Status.UNSAVED, Status.UNREADABLE)
            if is_free and case.changed <= since and case.status is not status:
                case.status, is_new = status, True
        if is_new:
            self.changed.emit()
