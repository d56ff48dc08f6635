"""The cases of a study as whoever runs it sees them: listed, assigned, described.

Blinded readings are left out; `study_queue` deals with those. What takes long is in
`study_chores`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.predict.told_cases import ToldCases, Wanted, told_of
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.queue import Queue
from napari_mae_sam2.study.relabel import parse_about, relabel
from napari_mae_sam2.study.rereading import draw_repeats, draw_seconds, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.study_thread import StudyThread
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index import Index
    from napari_mae_sam2.study.index_query import Item, Order
    from napari_mae_sam2.study.queue_state import QueueStatus

ALL = Filter(first_readings=True)
"""Every case, without blinded readings."""

PAGE = 300
"""Cases that are read at once."""


@dataclass(frozen=True, slots=True)
class View:
    """What of a study is looked at.

    Attributes
    ----------
    wanted : Filter
        Which cases.
    order : str
        See `Order`.
    descending : bool
        The other way round.
    told : Wanted or None
        What heads or graders must have said of a case.
    """

    wanted: Filter = ALL
    order: Order = "name"
    descending: bool = False
    told: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes
    ----------
    view : View
        What was asked for.
    offset : int
        How many cases come before.
    items : tuple of Item
        At most `PAGE`.
    counts : dict of str to int
        All cases of the view by status.
    graders : tuple of str
        Everybody who graded a case or has one assigned.
    troubles : tuple of str
        A sentence for each record that could not be read.
    told : tuple of Wanted
        What heads told of cases of the study, to filter by.
    """

    view: View
    offset: int
    items: tuple[Item, ...]
    counts: dict[QueueStatus, int]
    graders: tuple[str, ...]
    troubles: tuple[str, ...]
    told: tuple[Wanted, ...] = ()

    @property
    def total(self) -> int:
        """How many cases the view has."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What is to be read once more, blinded.

    Attributes
    ----------
    share : float
        Of the answered cases, 0 to 1.
    second : tuple of str
        Graders who read what others answered; none, or at least two.
    repeat : tuple of str
        Graders who read their own cases once more.
    seed : int
        Of the draw.
    """

    share: float
    second: tuple[str, ...] = ()
    repeat: tuple[str, ...] = ()
    seed: int = 0


class StudyList:
    """Lists the cases of a study and changes what is said of them.

    Parameters
    ----------
    thread : StudyThread
        Where it is done; closed by whoever made it.
    """

    listed = Signal(object)
    """A `Page`; None where the folder holds no study."""
    said = Signal(str)
    """What was done; the list is out of date."""

    def __init__(self, thread: StudyThread) -> None:
        self._thread = thread

    def ask(self, folder: Path, view: View, offset: int = 0) -> None:
        """List cases from a place in the list on."""

        def work() -> Callable[[], None]:
            opened = self._thread.open(folder)
            if opened is None:
                return lambda: self.listed.emit(None)
            page = _page(opened[1], told_of(folder), view, offset)
            return lambda: self.listed.emit(page)

        self._thread.do(work)

    def assign(self, folder: Path, by: str, items: Sequence[Item], to: str) -> None:
        """Assign cases to a grader, or with "" to anybody."""

        def work(study: Study, index: Index) -> str:
            Queue(study, index, by).assign(items, to or None)
            return f"{_cases(len(items))} assigned to {to or 'anybody'}."

        self._change(folder, by, work)

    def describe(
        self,
        folder: Path,
        by: str,
        items: Sequence[Item],
        about: Mapping[str, str | None],
    ) -> None:
        """Correct patient, eye, visit or phase of cases; None takes away what is said.

        Fields that `about` does not name stay as they are.
        """

        def work(study: Study, _index: Index) -> str:
            said = parse_about(about)
            changed = 0
            for item in items:
                before = study.case(item.case)
                changed += relabel(study, item.case, said, grader=by) != before
            return f"{_cases(changed)} described anew."

        self._change(folder, by, work)

    def read_again(self, folder: Path, by: str, wish: ReadAgain) -> None:
        """Draw cases to be read once more and put them into the queue."""

        def work(study: Study, index: Index) -> str:
            items = index.items(now=time.time(), limit=sys.maxsize)
            planned = []
            if wish.second:
                planned += draw_seconds(items, wish.second, wish.share, wish.seed)
            for grader in wish.repeat:
                planned += draw_repeats(items, grader, wish.share, wish.seed)
            plan(study, planned, grader=by)
            if not planned:
                return "No case is left to be read again: fewer are done than wanted."
            return f"{_cases(len(planned))} to be read again, unseen in the queue."

        self._change(folder, by, work)

    def _change(
        self, folder: Path, by: str, work: Callable[[Study, Index], str]
    ) -> None:
        def change() -> Callable[[], None]:
            if not by:
                raise PlainError(
                    "Enter your code as the grader first, under Labels: it is logged "
                    "who did this."
                )
            opened = self._thread.open(folder)
            if opened is None:
                raise PlainError(f"{folder} holds no study yet: add frames first.")
            migrate(opened[0], by)
            sentence = work(*opened)
            return lambda: self.said.emit(sentence)

        self._thread.do(change)


def _page(index: Index, told: ToldCases, view: View, offset: int) -> Page:
    now, wanted = time.time(), view.wanted
    known = tuple(Wanted(*one) for one in told.values())
    if view.told in known:  # else it is of another study, and no longer offered
        every = index.items(ALL, now=now, limit=sys.maxsize)
        wanted = replace(wanted, cases=told.matching(every, [view.told]))
    items = index.items(
        wanted,
        now=now,
        order=view.order,
        descending=view.descending,
        limit=PAGE,
        offset=offset,
    )
    counts = index.counts(wanted, now=now)
    graders, troubles = tuple(index.graders()), tuple(index.troubles)
    return Page(view, offset, tuple(items), counts, graders, troubles, known)


def _cases(number: int) -> str:
    return "1 case is" if number == 1 else f"{number} cases are"
