"""Keeps the open cases in memory, and their labels on disk.

A case that is left is saved in the background, in work where its grader has not
answered it. One that could not be saved stays in memory with its answer, is marked in
the list, and is tried again with the next save and on closing.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.answers import AS_RECORDED, status_in_window
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.save_gate import NO_CODE, SaveGate
from napari_mae_sam2.annotate.worklist import Case, Status
from napari_mae_sam2.annotate.writer import Writer
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.answers import Answer
    from napari_mae_sam2.annotate.journal import Journal, JournalFile
    from napari_mae_sam2.annotate.journals import Journals
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.worklist import Worklist
    from napari_mae_sam2.study.known import KnownStudies
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
    known : KnownStudies
        Which study lies where.
    may_save : callable
        Tells whether it is known who saves, and asks where it is not; gets True where
        the grader asked to save.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        worklist: Worklist,
        signature: Callable[[], tuple[str, ModelRecord | None]],
        warn: Callable[[str], None],
        journals: Journals,
        known: KnownStudies,
        may_save: Callable[[bool], bool] = lambda _is_wanted: True,
    ) -> None:
        self._worklist = worklist
        self._signature = signature
        self._warn = warn
        self.gate = SaveGate(may_save)
        # In hand, left not long ago, or not saved: they come back as they were.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._journals = journals
        self._journal_of: dict[CaseSession, Journal] = {}
        self._known = known
        self._writer = Writer(post, known)

    def get(self, case: Case | None) -> CaseSession | None:
        """Give the session of a case, None where it is not in memory."""
        return None if case is None else self._sessions.get(case)

    def case_of(self, path: Path, page: int, study: Path) -> Case | None:
        """Give the case in memory that a page of a file is in a study."""
        for case in self._sessions:
            if (case.path, case.page, case.study) == (path, page, study):
                return case
        return None

    def in_study(self, case: Case, study: Path) -> Case:
        """Give the case that a frame is in another study, from memory or new."""
        frame = (case.path, case.page, case.name if case.path is None else "")
        for known in self._sessions:
            name = known.name if known.path is None else ""
            if not known.case_id and (known.path, known.page, name) == frame:
                if same_folder(known.study, study):
                    return known
        return Case(case.name, case.load, study, case.path, case.page)

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
        if session not in self._journal_of and not case.is_practice:
            self._journal_of[session] = self._journals.follow(session, case.place, file)
        self._sessions[case] = session
        self._sessions.move_to_end(case)
        for old, known in list(self._sessions.items())[:-SESSIONS_KEPT]:
            if known.saves.is_saved:
                self._let_go(old)

    def let_go_of_saved(self, in_hand: Case | None) -> None:
        """Read cases that hold nothing unsaved from their study the next time."""
        for case, session in self._own():
            session.painted()
            if session.saves.is_saved and case is not in_hand:
                self._let_go(case)

    def forget_practice(self) -> None:
        """Let go of the frame of the guided tour, with all that was drawn in it."""
        for case in [case for case in self._sessions if case.is_practice]:
            self._let_go(case)

    def give_up_unmade(self, study: Path, sha256: str) -> None:
        """Try no more to save what was copied from where no study can be made."""
        for case, session in list(self._sessions.items()):
            is_meant = case.study == study and session.frame.sha256 == sha256
            if is_meant and session.saves.unsaved and self._known.may_make(study):
                self._let_go(case)

    def _let_go(self, case: Case) -> None:
        journal = self._journal_of.pop(self._sessions.pop(case), None)
        if journal is not None:
            journal.close()

    def _own(self) -> list[tuple[Case, CaseSession]]:
        """Give every case but the frame of the guided tour."""
        return [one for one in self._sessions.items() if not one[0].is_practice]

    # --- saving ----------------------------------------------------------------

    def save(
        self,
        case: Case,
        then: Callable[[], None] | None = None,
        answer: Answer | None = None,
    ) -> None:
        """Save a case as a new revision, in the background.

        Parameters
        ----------
        case : Case
            In memory.
        then : callable, optional
            Called once it is on disk; never where it could not be written.
        answer : str, optional
            What the grader says of it. Without one, what changed is kept as work, and
            nothing is written where nothing changed.
        """
        if case.is_practice:
            return
        is_wanted = then is not None or answer is not None
        session = self._sessions[case]
        session.painted()
        late = partial(self._save_late, case, then, answer)
        if (session.saves.unsaved or answer) and self.gate.holds(late, is_wanted):
            self._worklist.set_status(case, Status.UNSAVED, NO_CODE)
            return
        if answer is not None:
            session.saves.say(AS_RECORDED[answer])
        elif not session.saves.unsaved:
            if then is not None:
                self._writer.after(lambda: then() if session.saves.is_saved else None)
            return

        def done(error: Exception | None, identity: str) -> None:
            case.study_id = case.study_id or identity
            if error is not None:
                sentence = sentence_of(error, f"{case.name} could not be saved")
                self._worklist.set_status(case, Status.UNSAVED, sentence)
                self._warn(f"{sentence} Your labels are kept in the window.")
                return
            self._mark_saved(case, session)
            if then is not None:
                then()

        grader, model = self._signature()
        # A revision that the journal does not lead up to would, after a crash, look as
        # if somebody had gone on elsewhere, and the history would be passed over.
        self._writer.save(session, case.place, grader, model, done, self._journals.wait)
        if answer is not None:
            session.history_changed.emit()  # there is something to write down

    @property
    def has_unsaved(self) -> bool:
        """True where a case holds what is in no study."""
        for _, session in self._own():
            session.painted()
        return any(not session.saves.is_saved for _, session in self._own())

    def _save_late(
        self, case: Case, then: Callable[[], None] | None, answer: Answer | None
    ) -> None:
        if case in self._sessions:
            self.save(case, then, answer)

    def _mark_saved(self, case: Case, session: CaseSession) -> None:
        self._forget_twins(case, session)
        others = session.saves.parallel
        status = status_in_window(session)
        if not others:
            self._worklist.set_status(case, status)
            return
        who = " and ".join(others)
        if status is Status.IN_WORK:
            said = f"{who} graded {case.name} as well: your work is kept beside it."
        else:
            status = Status.CONFLICT
            said = f"{who} answered {case.name} as well: both answers are kept, and it "
            said += "needs review."
        is_known = case.trouble == said
        self._worklist.set_status(case, status, said)
        if not is_known:
            self._warn(said)

    def note_left(self, case: Case | None) -> None:
        """Show in the list where a case stands that the grader goes away from."""
        session = self.get(case)
        if case is None or session is None:
            return
        shown = status_in_window(session)
        # What could not be saved, and a conflict, are still so.
        if case.status not in (shown, Status.UNSAVED, Status.CONFLICT):
            self._worklist.set_status(case, shown)

    def _forget_twins(self, case: Case, session: CaseSession) -> None:
        """Let go of what was opened before this save and holds the same labels.

        A frame may be in the list by its file and by the queue; saved from there,
        too, it would be in conflict with itself.
        """
        frame = session.frame
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
        for case, session in self._own():
            session.painted()
            if session.saves.unsaved:
                self.save(case)

    def save_changes(self, study: Path, then: Callable[[], None]) -> None:
        """Save every case that changed, then go on; not where one of the study fails.

        What is left of other studies is tried again, and holds nothing up.
        """

        def go_on() -> None:
            left = [case for case in self._sessions if case.study == study]
            if not any(case.status is Status.UNSAVED for case in left):
                then()

        self.save_all()
        if self.gate.is_waiting:
            self.gate.wait(lambda: self._writer.after(go_on))
        else:
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
        if self._known.is_gone(home):
            self._known.forget(home)  # the last resort must not fail for tidiness
        troubles = []
        for case, session in self._own():
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
