"""Encodes the cases that come next while the grader is at work on this one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.answering import encode
from napari_mae_sam2.annotate.work_queue import Task
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.frames import Frames
    from napari_mae_sam2.annotate.shelf import Shelf
    from napari_mae_sam2.annotate.worklist import Case, Worklist
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Predictor

CASES = 8
"""How many cases ahead; what is encoded of all of them fits into memory."""

FRAMES = 3
"""Of how many of them the pixels stay in memory too."""


class Ahead:
    """Asks the annotator for the next cases, after all that the grader asks for.

    Parameters
    ----------
    worklist : Worklist
        The cases and the one in hand.
    annotator : Annotator
        Does the work.
    frames : Frames
        Keeps the pixels of the very next cases.
    """

    def __init__(
        self, worklist: Worklist, annotator: Annotator, frames: Frames
    ) -> None:
        self._worklist = worklist
        self._annotator = annotator
        self._frames = frames
        self._is_on = True
        self._wanted: list[tuple[Case, str]] = []
        worklist.changed.connect(self._refresh)
        annotator.predictor_changed.connect(self._refresh)

    @property
    def is_on(self) -> bool:
        """True where cases are read ahead."""
        return self._is_on

    def switch(self, on: bool) -> None:
        """Read ahead, or no longer."""
        self._is_on = on
        self._refresh()

    def _refresh(self, *_: object) -> None:
        predictor = self._annotator.predictor
        cases = self._next() if self._is_on and predictor is not None else []
        weights = "" if predictor is None else predictor.fingerprint
        wanted = [(case, weights) for case in cases]
        if wanted == self._wanted:
            return
        self._wanted = wanted
        tasks = []
        for number, key in enumerate(wanted):
            assert predictor is not None
            keeps = number < FRAMES
            read = self._frames.read if keeps else _load
            run = partial(_embed, self._annotator.shelf, predictor, key[0], read)
            tasks.append(Task((key, keeps), run))
        self._annotator.read_ahead(tasks)

    def _next(self) -> list[Case]:
        here = self._worklist.index
        if here < 0:
            return []
        return [
            case
            for case in self._worklist.cases[here + 1 : here + 1 + CASES]
            if (case.path is not None or case.case_id)
            and case.status is not Status.UNREADABLE
        ]


def _embed(
    shelf: Shelf,
    predictor: Predictor,
    case: Case,
    read: Callable[[Case], Frame],
    cancelled: Callable[[], bool],
) -> None:
    if cancelled():
        raise Cancelled
    frame = read(case)
    if cancelled():
        raise Cancelled
    encode(shelf, predictor, frame, None, cancelled)


def _load(case: Case) -> Frame:
    return case.load()
