"""The queue as one grader works through it: claim, answer, hand on, review.

Every act is an event in the log, so two graders on one shared folder need no server
and no lock. A claim is a courtesy that keeps them apart; where it fails, because a
drive was slow to tell, both labels are kept as parallel revisions for review.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.index_query import EVERYTHING, Filter
from napari_mae_sam2.study.pace import Pace, pace
from napari_mae_sam2.study.queue_state import CLAIM_MINUTES, check_status
from napari_mae_sam2.study.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index import Index
    from napari_mae_sam2.study.index_query import Item
    from napari_mae_sam2.study.queue_state import QueueStatus
    from napari_mae_sam2.study.records import RevisionRecord

SETTLE = 0.3
"""Seconds that a shared drive is given to show two graders each other's claim."""

LATEST = 20
"""So many answers say how quick a grader is now."""


NOBODY: Final = "nobody"
"""Who holds a case that was answered or given back in the moment of the claim."""


class Queue:
    """One grader's view of a study's queue; slow, for a worker's thread.

    Parameters
    ----------
    study : Study
        The study.
    index : Index
        Its index.
    grader : str
        Who works, by the code they chose.
    clock, sleep : callable
        Give seconds since 1970, and wait for so many.

    Raises
    ------
    StudyError
        If the grader has no name.
    """

    def __init__(
        self,
        study: Study,
        index: Index,
        grader: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.grader = grader.strip()
        if not self.grader:
            raise StudyError("Enter a grader's name first, any short name will do.")
        self._study = study
        self._index = index
        self._clock = clock
        self._sleep = sleep

    # --- what to work on ---------------------------------------------------------

    def claim(self, item: Item, minutes: float = CLAIM_MINUTES) -> str:
        """Keep a case for oneself for a while; say it again to go on.

        Parameters
        ----------
        item : Item
            The case or reading.
        minutes : float
            How long.

        Returns
        -------
        str
            Empty where it is ours now, else who has it, which may be `NOBODY`.

        Raises
        ------
        StudyError
            If the study cannot be read or written, or the case is not in it.
        """
        holder = self._holder(item)
        if holder not in ("", self.grader):
            return holder
        self._write("claim", item, minutes=minutes)
        if not holder:
            # Somebody may have written a claim in the same moment: both see both
            # after a while, and come to the same answer.
            self._sleep(SETTLE)
        now_with = self._holder(item)
        return "" if now_with == self.grader else now_with or NOBODY

    def take(
        self,
        wanted: Filter = EVERYTHING,
        *,
        after: Item | None = None,
        step: int = 1,
        minutes: float = CLAIM_MINUTES,
    ) -> Item | None:
        """Claim the next case (or with step -1 the one before) that is free.

        Parameters
        ----------
        wanted : Filter
            Which cases; what this grader may not take is passed over.
        after : Item, optional
            Where to start.
        step : int
            1 or -1.
        minutes : float
            How long to claim it for.

        Returns
        -------
        Item or None
            None where there is no such case.
        """
        self._index.refresh()
        mine = _free(wanted, self.grader)
        item = self._index.neighbour(after, step, mine, now=self._clock())
        while item is not None and self.claim(item, minutes):
            item = self._index.neighbour(item, step, mine, now=self._clock())
        return item and self._index.item(item.case, item.reading, now=self._clock())

    def holds(self, item: Item) -> bool:
        """Tell whether this grader has claimed a case and not answered it yet."""
        return self._holder(item) == self.grader

    def release(self, item: Item) -> None:
        """Give a case back without an answer."""
        self._write("release", item)

    def say(self, item: Item, status: str) -> None:
        """Say where a case stands without saving a label, such as "cannot_grade".

        Raises
        ------
        StudyError
            If there is no such status, or it cannot be written.
        """
        self._write("status", item, status=check_status(status))

    def assign(self, items: Iterable[Item], to: str | None) -> None:
        """Mean cases for a grader, or with None for anybody."""
        for item in items:
            self._write("assign", item, to=to)

    def study_for(self, item: Item) -> Study:
        """Give the study to open and save an item in: a reading sees no other label."""
        return Reading(self._study, item.reading) if item.reading else self._study

    # --- review --------------------------------------------------------------------

    def resolve(self, item: Item, chosen: str) -> RevisionRecord:
        """End a conflict: one of the parallel revisions is the label from now on.

        Parameters
        ----------
        item : Item
            A case with several heads.
        chosen : str
            The revision to go on with.

        Returns
        -------
        RevisionRecord
            A new revision with its label; the others stay, and are named in it.

        Raises
        ------
        StudyError
            If `chosen` is none of the parallel ones, or something cannot be read or
            written.
        """
        self._index.refresh()
        current = self._index.item(item.case, item.reading, now=self._clock())
        heads = current.heads if current is not None else ()
        if chosen not in heads or len(heads) < 2:
            raise StudyError(
                f"{item.name} has no parallel revision {chosen}: look at the list anew."
            )
        study = self.study_for(item)
        revision = study.revision(item.case, chosen)
        saved = study.save_revision(
            study.load_frame(item.case),
            study.load_labels(revision),
            grader=self.grader,
            parent=chosen,
            merges=[head for head in heads if head != chosen],
            lesions=revision.lesions,
            model=revision.model,
        )
        self._index.refresh()
        return saved

    # --- how it goes ---------------------------------------------------------------

    def counts(self, wanted: Filter = EVERYTHING) -> dict[QueueStatus, int]:
        """Count cases by status, as they were when the queue last looked."""
        return self._index.counts(wanted, now=self._clock())

    def free(self, wanted: Filter) -> int:
        """Count the cases that this grader may take."""
        counts = self._index.counts(_free(wanted, self.grader), now=self._clock())
        return sum(counts.values())

    def pace(self, wanted: Filter = EVERYTHING) -> Pace:
        """Say how quick this grader is, and how long what is left will take."""
        now = self._clock()
        left = self._index.counts(_free(wanted, self.grader), now=now)
        answers = self._index.answered_last(self.grader, LATEST)
        return pace(answers, left["new"] + left["proposed"] + left["in_work"])

    # --- inside ----------------------------------------------------------------------

    def _holder(self, item: Item) -> str:
        self._index.refresh()
        found = self._index.item(item.case, item.reading, now=self._clock())
        if found is None:
            raise StudyError(f"The study holds no case {item.case} any more.")
        return found.claimed_by

    def _write(self, event: str, item: Item, **details: object) -> None:
        if item.reading:
            details["reading"] = item.reading
        self._study.log.write(
            event, grader=self.grader, case=item.case, details=details
        )
        self._index.refresh()


def _free(wanted: Filter, grader: str) -> Filter:
    """Narrow a filter down to what a grader may take, open cases if it says nothing."""
    statuses = wanted.statuses or ("new", "proposed", "in_work")
    return replace(wanted, statuses=statuses, free_for=grader)
