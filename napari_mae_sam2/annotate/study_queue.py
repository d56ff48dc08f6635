"""The queue of a study beside the window: asked in a thread of its own.

Everything asked for is done, in order: an answer must not be lost because something
newer was asked. Knows cases by what the index says of them, and opens none.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.study.index_query import Item
    from napari_mae_sam2.study.pace import Pace
    from napari_mae_sam2.study.queue_state import QueueStatus


RENEW_S = 600.0
"""A claim that is so old is made once more while the grader goes on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a study stands.

    Attributes
    ----------
    answered, total : int
        Cases, blinded readings left out.
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
    post : callable
        Runs a function on the thread that owns the window.
    place : Path
        Folder of the indexes of this computer.
    """

    looked = Signal(object)
    """How the study stands now; None where the folder holds no study."""
    taken = Signal(object)
    """An `Item` that is the grader's now; None where there is no such case."""
    warned = Signal(str)

    def __init__(self, post: Callable[[Callable[[], None]], None], place: Path) -> None:
        self.item: Item | None = None
        """The case in hand, as it was when it was taken."""
        self._post = post
        self._place = place
        self._thread = ThreadPoolExecutor(1, "study queue")
        self._closed = False
        self._looking = False
        self._claimed = 0.0
        self._study: Study | None = None
        self._index: Index | None = None

    def look(self, folder: Path, grader: str, go_on: bool = False) -> None:
        """Ask how a study stands; with `go_on` keep the claim on the case in hand."""
        if self._looking:
            return
        self._looking = True
        item = self.item if go_on else None
        if item is not None and time.monotonic() - self._claimed < RENEW_S:
            item = None
        if item is not None:
            self._claimed = time.monotonic()

        def work() -> Callable[[], None]:
            try:
                queue = self._open(folder, grader or "x")
                if queue is not None and item is not None and grader:
                    queue.claim(item)
                standing = None if queue is None else self._standing(queue)
            finally:
                self._looking = False
            return lambda: self.looked.emit(standing)

        self._do(work)

    def take(self, folder: Path, grader: str, wanted: Filter, step: int = 1) -> None:
        """Take the next free case, or with -1 the one before; `taken` tells which."""
        before = self.item

        def work() -> Callable[[], None]:
            queue = self._open(folder, grader)
            if queue is None:
                raise PlainError(f"{folder} holds no study yet: save a case first.")
            assert self._study is not None
            migrate(self._study, grader)
            chosen = replace(wanted, first_readings=True)
            item = queue.take(chosen, after=before, step=step)
            if item is not None and before is not None and before.case != item.case:
                self._give_back(queue, before)
            standing = self._standing(queue)

            def tell() -> None:
                self.item = item or before
                self._claimed = time.monotonic()
                self.taken.emit(item)
                self.looked.emit(standing)

            return tell

        self._do(work)

    def say(self, folder: Path, grader: str, status: QueueStatus) -> None:
        """Say where the case in hand stands, without a label."""
        item = self.item
        if item is None:
            return

        def work() -> Callable[[], None]:
            queue = self._open(folder, grader)
            if queue is not None:
                queue.say(item, status)
            return lambda: None

        self._do(work)

    def let_go(self, folder: Path, grader: str) -> None:
        """Give the case in hand back: the grader went elsewhere."""
        item, self.item = self.item, None
        if item is None:
            return

        def work() -> Callable[[], None]:
            queue = self._open(folder, grader, patient=True)
            if queue is not None:
                self._give_back(queue, item)
            return lambda: None

        self._do(work)

    def close(self) -> None:
        """Do what was asked for, then stop."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._let_go_of_index)
        self._thread.shutdown(wait=True)

    # --- in the thread -----------------------------------------------------------

    def _do(self, work: Callable[[], Callable[[], None]]) -> None:
        def run() -> None:
            try:
                tell = work()
            except PlainError as error:
                sentence = str(error)
                self._post(lambda: self.warned.emit(sentence))
            else:
                self._post(tell)

        if not self._closed:
            self._thread.submit(run)

    def _open(self, folder: Path, grader: str, patient: bool = False) -> Queue | None:
        if not (folder / STUDY_FILE).exists():
            return None
        if self._study is None or self._study.folder != folder or self._index is None:
            self._let_go_of_index()
            self._study = Study.open(folder)
            self._index = Index.open(self._study, self._place)
        queue = Queue(self._study, self._index, grader)
        # A window that closes waits for no large study, but gives its case back.
        self._index.refresh(lambda: self._closed and not patient)
        return queue

    @staticmethod
    def _standing(queue: Queue) -> Standing:
        first = Filter(first_readings=True)
        counts = queue.counts(first)
        total = sum(counts.values())
        waiting = counts["new"] + counts["proposed"] + counts["in_work"]
        return Standing(
            total - waiting, total, counts["needs_review"], queue.pace(first)
        )

    @staticmethod
    def _give_back(queue: Queue, item: Item) -> None:
        if queue.holds(item):
            queue.release(item)

    def _let_go_of_index(self) -> None:
        if self._index is not None:
            self._index.close()
        self._study = self._index = None
