"""Finishing a case: done, no leakage, for review, cannot be graded; then the next.

The same keys and buttons for a case of a list and for one of a study's queue.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from napari_mae_sam2._qt.answer_bar import AnswerBar
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part

if TYPE_CHECKING:
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.queue_part import QueuePart
    from napari_mae_sam2.annotate.answers import Answer
    from napari_mae_sam2.annotate.session import CaseSession

_KEYS: Final[dict[Answer, tuple[str, str]]] = {
    "done": ("Alt-D", "done: finish the case, next"),
    "no_leakage": ("Alt-0", "no leakage here, next"),
    "needs_review": ("Alt-R", "to be reviewed, next"),
    "cannot_grade": ("Alt-X", "cannot be graded, next"),
}

_SAID: Final[dict[Answer, str]] = {
    "done": "done",
    "no_leakage": "no leakage",
    "needs_review": "to be reviewed",
    "cannot_grade": "cannot be graded",
}


class AnswerPart(Part):
    """Takes the grader's answers.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    queue : QueuePart
        Takes the next case where the one in hand is of a queue.
    """

    def __init__(self, dock: LeakageWidget, queue: QueuePart) -> None:
        self._dock = dock
        self._queue = queue
        self.bar = self.footer = AnswerBar()
        self.bar.wanted.connect(self.answer)
        self.keys = tuple(
            Key((key,), text, partial(self.answer, answer), "Cases and labels")
            for answer, (key, text) in _KEYS.items()
        )

    def show_case(self, session: CaseSession | None) -> None:
        """Offer the answers while a case is in hand."""
        self.bar.show_case(session is not None)

    def answer(self, answer: Answer) -> None:
        """Finish the case in hand and go on to the next one."""
        dock, session = self._dock, self._dock.session
        practises = dock.desk.is_practising
        if session is not None and not dock.desk.grader and not practises:
            dock.code.need(lambda: self._answer_late(session, answer))
            return
        name = "" if session is None else session.frame.name
        goes_on = self._queue.says_what_is_next
        then = (lambda: self._queue.take_next()) if goes_on else None
        trouble = dock.desk.answer(answer, then)
        if trouble:
            dock.messages.warn(trouble)
            return
        if goes_on or practises:
            return
        has_next = dock.desk.worklist.neighbour(1) is not None
        dock.desk.step(1)
        if has_next:
            dock.messages.tell(f"{name}: {_SAID[answer]}.")

    def _answer_late(self, session: CaseSession, answer: Answer) -> None:
        """Answer once the code is known, unless another case came meanwhile."""
        if self._dock.session is session:
            self.answer(answer)
