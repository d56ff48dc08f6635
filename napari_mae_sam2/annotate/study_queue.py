"""The queue of a study beside the window: takes cases, answers them, hands them back.

Knows cases by what the index says of them, and opens none. In a study with blinded
readings every case goes by a code, so that a repeated case looks like any other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.queue import Queue

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
    review : int
        Of those answered, how many need review.
    pace : Pace
        Of the grader who asked.
    """

    answered: int
    total: int
    review: int
    pace: Pace


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

    def __init__(self, thread: StudyThread) -> None:
        self.item: Item | None = None
        """The case in hand, as it was when it was taken."""
        self.folder: Path | None = None
        """The study that it was taken from."""
        self._thread = thread
        self._looking = False
        self._claimed = 0.0

    def look(self, folder: Path, grader: str, go_on: bool = False) -> None:
        """Ask how a study stands; with `go_on` keep the claim on the case in hand."""
        if self._looking or self._thread.is_closed:
            return
        self._looking = True
        item = self.item if go_on else None
        if item is not None and time.monotonic() - self._claimed < RENEW_S:
            item = None
        if item is not None:
            self._claimed = time.monotonic()

        def work() -> Callable[[], None]:
            try:
                queue = self._queue(folder, grader or "x")
                if queue is not None and item is not None and grader:
                    queue.claim(item)
                standing = None if queue is None else _standing(queue)
            finally:
                self._looking = False
            return lambda: self.looked.emit(standing)

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
            self.taken.emit(item)
            self.looked.emit(standing)

        return tell

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
    return Standing(total - waiting, total, counts["needs_review"], queue.pace(mine))


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
