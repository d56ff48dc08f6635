"""Keeps the open cases in memory, and their labels on disk.

A case that is left is saved in the background; one that could not be saved stays in
memory, is marked in the list, and is tried again with the next save and on closing.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.saving import Writer
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.journal import Journal, JournalFile
    from napari_mae_sam2.annotate.journals import Journals
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
    journals : Journals
        Where it is written down what is done to them.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        worklist: Worklist,
        signature: Callable[[], tuple[str, ModelRecord | None]],
        warn: Callable[[str], None],
        journals: Journals,
    ) -> None:
        self._worklist = worklist
        self._signature = signature
        self._warn = warn
        # In hand, left not long ago, or not saved: they come back as they were.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._journals = journals
        self._journal_of: dict[CaseSession, Journal] = {}
        self._writer = Writer(post)

    def get(self, case: Case | None) -> CaseSession | None:
        """Give the session of a case, None where it is not in memory."""
        return None if case is None else self._sessions.get(case)

    def case_of(self, path: Path, page: int) -> Case | None:
        """Give the case in memory that a page of a file is."""
        for case in self._sessions:
            if (case.path, case.page) == (path, page):
                return case
        return None

    def put(
        self, case: Case, session: CaseSession, file: JournalFile | None = None
    ) -> None:
        """Keep a case as the latest, and let the oldest go whose labels are on disk.

        Parameters
        ----------
        case, session
            May be kept already.
        file : JournalFile, optional
            The journal that the session came back from.
        """
        before = self._sessions.get(case)
        if before is not None and before is not session:
            self._journal_of.pop(before).close(remove=True)
        if session not in self._journal_of:
            self._journal_of[session] = self._journals.follow(
                session, case.place.key, file
            )
        self._sessions[case] = session
        self._sessions.move_to_end(case)
        for old, known in list(self._sessions.items())[:-SESSIONS_KEPT]:
            if known.saves.is_saved:
                self._let_go(old)

    def move(self, in_hand: Case | None) -> None:
        """Take note that the study of every case of the list changed."""
        for case in [c for c in self._worklist.cases if c in self._sessions]:
            session = self._sessions[case]
            session.move_to_new_study()
            if session.saves.is_saved and case is not in_hand:
                self._let_go(case)
                continue
            earlier = self._journal_of[session]
            moved = self._journals.follow(session, case.place.key, None)
            if len(session.history):
                moved.write_whole()
            self._journal_of[session] = moved
            earlier.close(remove=True)

    def let_go_of_saved(self, in_hand: Case | None) -> None:
        """Read cases that hold nothing unsaved from their study the next time."""
        for case, session in list(self._sessions.items()):
            session.painted()
            if session.saves.is_saved and case is not in_hand:
                self._let_go(case)

    def _let_go(self, case: Case) -> None:
        self._journal_of.pop(self._sessions.pop(case)).close()

    # --- saving ----------------------------------------------------------------

    def save(self, case: Case, then: Callable[[], None] | None = None) -> None:
        """Save a case as a new revision, in the background."""
        session = self._sessions[case]
        place = case.place

        def done(error: Exception | None) -> None:
            if error is not None:
                sentence = sentence_of(error, f"{case.name} could not be saved")
                self._worklist.set_status(case, Status.UNSAVED, sentence)
                self._warn(f"{sentence} Your labels are kept in the window.")
                return
            if case.place == place:
                self._mark_saved(case, session.saves.parallel)
            if then is not None:
                then()

        grader, model = self._signature()
        # A revision that the journal does not lead up to would, after a crash, look as
        # if somebody had gone on elsewhere, and the history would be passed over.
        self._writer.save(session, place, grader, model, done, self._journals.wait)

    def _mark_saved(self, case: Case, others: tuple[str, ...]) -> None:
        self._forget_twins(case)
        if not others:
            self._worklist.set_status(case, Status.GRADED)
            return
        said = f"{' and '.join(others)} answered {case.name} as well"
        is_known = case.status is Status.CONFLICT
        self._worklist.set_status(case, Status.CONFLICT, said)
        if not is_known:
            self._warn(f"{said}: both answers are kept, and it needs review.")

    def _forget_twins(self, case: Case) -> None:
        """Let go of what was opened before this save and holds the same labels.

        A frame may be in the list by its file and by the queue; saved from there,
        too, it would be in conflict with itself.
        """
        frame = self._sessions[case].frame
        for other, known in list(self._sessions.items()):
            is_twin = (
                other not in (case, self._worklist.current)
                and known.frame.sha256 == frame.sha256
                and other.place.key == case.place.key
            )
            if is_twin and known.saves.is_saved:
                self._let_go(other)

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
            for place in (case.place, LabelPlace(home)):
                try:
                    self._writer.save_here(
                        session, place, grader, model, place == case.place
                    )
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
        for case in list(self._sessions):
            self._let_go(case)
        self._journals.close()


def sentence_of(error: BaseException | None, what: str) -> str:
    """Put an error into one sentence; one that is nobody's fault goes to the log."""
    if isinstance(error, PlainError):
        return str(error)
    log.error("%s", what, exc_info=error)
    return f"{what}: {error}."
