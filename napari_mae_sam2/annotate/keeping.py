"""Keeps the open cases in memory, and their labels on disk.

A case that is left is saved in the background; one that could not be saved stays in
memory, is marked in the list, and is tried again with the next save and on closing.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.saving import Writer
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.worklist import Case, Worklist
    from napari_mae_sam2.study.records import ModelRecord

log = logging.getLogger(__name__)

SESSIONS_KEPT = 6
"""Saved cases that stay in memory with their history, for going back."""


class Keeping:
    """The sessions in memory by their cases, the latest last.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the sessions.
    worklist : Worklist
        Where it is marked what became of a case.
    signature : callable
        Tells who grades, and with which model.
    warn : callable
        Shows a sentence.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        worklist: Worklist,
        signature: Callable[[], tuple[str, ModelRecord | None]],
        warn: Callable[[str], None],
    ) -> None:
        self._worklist = worklist
        self._signature = signature
        self._warn = warn
        # In hand, left not long ago, or not saved: they come back as they were.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._writer = Writer(post)

    def get(self, case: Case | None) -> CaseSession | None:
        """Give the session of a case, None where it is not in memory."""
        return None if case is None else self._sessions.get(case)

    def put(self, case: Case, session: CaseSession) -> None:
        """Keep a case as the latest, and let the oldest go whose labels are on disk."""
        self._sessions[case] = session
        self._sessions.move_to_end(case)
        for old, known in list(self._sessions.items())[:-SESSIONS_KEPT]:
            if known.saves.is_saved:
                del self._sessions[old]

    def move(self, in_hand: Case | None) -> None:
        """Take note that the study of every case changed."""
        for case, session in list(self._sessions.items()):
            session.move_to_new_study()
            if session.saves.is_saved and case is not in_hand:
                del self._sessions[case]

    # --- saving ----------------------------------------------------------------

    def save(self, case: Case, then: Callable[[], None] | None = None) -> None:
        """Save a case as a new revision, in the background."""
        session = self._sessions[case]
        folder = case.study

        def done(error: Exception | None) -> None:
            if error is not None:
                sentence = sentence_of(error, f"{case.name} could not be saved")
                self._worklist.set_status(case, Status.UNSAVED, sentence)
                self._warn(f"{sentence} Your labels are kept in the window.")
                return
            if case.study == folder:
                self._worklist.set_status(case, Status.GRADED)
            if then is not None:
                then()

        grader, model = self._signature()
        self._writer.save(session, folder, grader, model, done)

    def save_all(self) -> None:
        """Save every case that changed, in the background."""
        for case, session in list(self._sessions.items()):
            session.painted()
            if session.saves.unsaved:
                self.save(case)

    def save_changes(self, then: Callable[[], None]) -> None:
        """Save every case that changed, then go on; where one fails, stop there."""

        def go_on() -> None:
            if not any(case.status is Status.UNSAVED for case in self._sessions):
                then()

        self.save_all()
        self._writer.after(go_on)

    def save_now(self, home: Path) -> list[str]:
        """Save what is not saved, and wait for it.

        Parameters
        ----------
        home : Path
            Study folder for what its own study does not take.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        self._writer.wait()
        grader, model = self._signature()
        troubles = []
        for case, session in list(self._sessions.items()):
            session.painted()
            if session.saves.is_saved:
                continue
            for folder in (case.study, home):
                try:
                    self._writer.save_here(session, folder, grader, model)
                    break
                except Exception as error:
                    trouble = sentence_of(error, f"{case.name} could not be saved")
                    log.warning("%s", trouble)
            else:
                troubles.append(trouble)
        return troubles

    def close(self) -> None:
        """Write what is left to write, then stop."""
        self._writer.close()


def sentence_of(error: BaseException | None, what: str) -> str:
    """Put an error into one sentence; one that is nobody's fault goes to the log."""
    if isinstance(error, PlainError):
        return str(error)
    log.error("%s", what, exc_info=error)
    return f"{what}: {error}."
