"""The queue of a study beside the window: takes cases, answers them, hands them back.

Knows cases by what the index says of them, and opens none. In a study with blinded
readings every case goes by a code, so that a repeated case looks like any other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.arrivals import KnownCase
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.queue import NOBODY, Queue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.study_thread import StudyThread
    from napari_mae_sam2.study.index_query import Item
    from napari_mae_sam2.study.pace import Pace


RENEW_S = 600.0
"""A claim that is so old is made once more while the grader goes on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a study stands for a grader.

    Attributes
    ----------
    answered, total : int
        Cases, and blinded readings of this grader among them.
    review, review_free : int
        Of those answered, how many need review, and how many of these the grader who
        asked may take.
    pace : Pace
        Of the grader who asked.
    """

    answered: int
    total: int
    review: int
    review_free: int
    pace: Pace

    @property
    def waiting(self) -> int:
        """How many cases wait for an answer, whoever may give it."""
        return self.total - self.answered


class StudyQueue:
    """Looks at a study, takes cases of it and answers them, for one grader.

    Parameters
    ----------
    thread : StudyThread
        Where it is done; closed by whoever made it.
    """

    looked = Signal(object)
    """How the study stands now; None where the folder holds no study."""
    taken = Signal(object)
    """An `Item` that is the grader's now; None where there is no such case."""
    found = Signal(object, object, int)
    """The folder, a tuple of `KnownCase` or None, and what `since` was then."""
    held = Signal(object)
    """The `Item` of the case that the window has open."""

    def __init__(self, thread: StudyThread) -> None:
        self.item: Item | None = None
        """The case in hand, as it was when it was taken."""
        self.folder: Path | None = None
        """The study that it was taken from."""
        self._thread = thread
        self._looking = False
        self._claimed = 0.0

    def look(
        self, folder: Path, grader: str, go_on: bool = False, since: int = 0
    ) -> None:
        """Ask how a study stands; with `go_on` keep the claim on the case in hand.

        Parameters
        ----------
        folder : Path
            The study folder.
        grader : str
            Who asks.
        go_on : bool
            Keep the claim on the case in hand.
        since : int
            Comes back with what was found: what the window noted later counts more.
        """
        if self._looking or self._thread.is_closed:
            return
        self._looking = True
        item = self.item if go_on else None
        if not self._claimed or time.monotonic() - self._claimed < RENEW_S:
            item = None
        if item is not None:
            self._claimed = time.monotonic()

        def work() -> Callable[[], None]:
            try:
                queue = self._queue(folder, grader or "x")
                if queue is not None and item is not None and grader:
                    queue.claim(item)
                standing = None if queue is None else _standing(queue)
                cases = self._cases(folder)
            finally:
                self._looking = False

            def tell() -> None:
                self.looked.emit(standing)
                self.found.emit(folder, cases, since)

            return tell

        self._thread.do(work)

    def take(self, folder: Path, grader: str, wanted: Filter, step: int = 1) -> None:
        """Take the next free case, or with -1 the one before; `taken` tells which."""
        before = self.item if self.folder == folder else None

        def work() -> Callable[[], None]:
            opened = self._thread.open(folder)
            if opened is None:
                raise PlainError(f"{folder} holds no study yet: save a case first.")
            study, index = opened
            migrate(study, grader)
            queue = Queue(study, index, grader)
            item = queue.take(wanted, after=before, step=step)
            if item is None and before is not None:  # round to the other end
                item = queue.take(wanted, step=step)
                item = None if item is None or _same(before, item) else item
            if item is not None and before is not None and not _same(before, item):
                _give_back(queue, before)
            if item is not None and index.has_readings():
                item = _blinded(item)
            return self._tell(folder, queue, item)

        self._thread.do(work)

    def take_one(self, folder: Path, grader: str, item: Item) -> None:
        """Take a case that was picked from a list, also one that is answered."""
        before = self.item if self.folder == folder else None

        def work() -> Callable[[], None]:
            opened = self._thread.open(folder)
            if opened is None:
                raise PlainError(f"{folder} holds no study any more.")
            study, index = opened
            migrate(study, grader)
            queue = Queue(study, index, grader)
            holder = queue.claim(item)
            if holder:
                raise PlainError(f"{item.name} is in progress with {holder}.")
            if before is not None and not _same(before, item):
                _give_back(queue, before)
            shown = _blinded(item) if index.has_readings() else item
            return self._tell(folder, queue, shown)

        self._thread.do(work)

    def hold(self, folder: Path, grader: str, case: str) -> None:
        """Take note which case of the study the grader has open; `held` tells it.

        It is claimed only once the grader works on it.
        """

        def work() -> Callable[[], None]:
            opened = self._thread.open(folder)
            item = None if opened is None else opened[1].item(case, now=time.time())

            def tell() -> None:
                self.item, self.folder, self._claimed = item, folder, 0.0
                self.held.emit(item)

            return tell

        self._thread.do(work)

    def claim(self, folder: Path, grader: str) -> None:
        """Claim the case in hand: the grader began to work on it."""
        item = self.item
        if item is None or not grader or self._claimed:
            return
        self._claimed = time.monotonic()

        def work() -> Callable[[], None]:
            queue = self._queue(folder, grader)
            holder = "" if queue is None else queue.claim(item)
            # Answered in the same moment: there is nobody to tell of.
            if holder not in ("", NOBODY):
                raise PlainError(
                    f"{holder} is working on {item.name} as well: both labels are kept."
                )
            return lambda: None

        self._thread.do(work)

    def let_go(self, folder: Path, grader: str) -> None:
        """Give the case in hand back: the grader went elsewhere."""
        item, self.item = self.item, None
        folder = self.folder or folder
        if item is None:
            return

        def work() -> Callable[[], None]:
            queue = self._queue(folder, grader, patient=True)
            if queue is not None:
                _give_back(queue, item)
            return lambda: None

        self._thread.do(work)

    def _tell(
        self, folder: Path, queue: Queue, item: Item | None
    ) -> Callable[[], None]:
        """Give what tells the window that a case was taken, or that there is none."""
        standing = _standing(queue)

        def tell() -> None:
            if item is not None:
                self.item, self.folder = item, folder
            self._claimed = time.monotonic()
            self.looked.emit(standing)
            self.taken.emit(item)

        return tell

    def _cases(self, folder: Path) -> tuple[KnownCase, ...] | None:
        """Read where each case stands; None where it is read blinded, or no study."""
        opened = self._thread.open(folder)
        if opened is None or opened[1].has_readings():
            return None
        return tuple(
            KnownCase(case, name, Status.of(status, heads))
            for case, name, status, heads in opened[1].standings(now=time.time())
        )

    def _queue(
        self, folder: Path, grader: str, *, patient: bool = False
    ) -> Queue | None:
        opened = self._thread.open(folder, patient)
        return None if opened is None else Queue(*opened, grader)


def _standing(queue: Queue) -> Standing:
    # Were readings left out, the bar would tell a repeated case from a new one.
    mine = Filter(seen_by=queue.grader)
    counts = queue.counts(mine)
    total = sum(counts.values())
    waiting = counts["new"] + counts["proposed"] + counts["in_work"]
    review_free = queue.free(replace(mine, statuses=("needs_review",)))
    return Standing(
        total - waiting, total, counts["needs_review"], review_free, queue.pace(mine)
    )


def _give_back(queue: Queue, item: Item) -> None:
    if queue.holds(item):
        queue.release(item)


def _same(one: Item, other: Item) -> bool:
    return (one.case, one.reading) == (other.case, other.reading)


def _blinded(item: Item) -> Item:
    """Know a case by its code alone, and nothing of who answered it before."""
    return replace(
        item, name=item.code, patient="", eye="", visit="", phase="", grader=""
    )
