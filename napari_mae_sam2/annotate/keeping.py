"""Keeps the open cases in memory, and their labels on disk.

A case that is left is saved in the background, in work where its grader has not
answered it. One that could not be saved stays in memory with its answer, is marked in
the list, and is tried again with the next save and on closing.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.answers import AS_RECORDED, status_in_window
from napari_mae_sam2.annotate.kept_cases import KeptCases
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.save_gate import NO_CODE, SaveGate
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.annotate.writer import Writer
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.answers import Answer
    from napari_mae_sam2.annotate.journals import Journals
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.worklist import Case, Worklist
    from napari_mae_sam2.study.known import KnownStudies
    from napari_mae_sam2.study.records import ModelRecord

log = logging.getLogger(__name__)


class Keeping(KeptCases):
    """The cases in memory, and the saving of their labels.

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
        super().__init__(journals, known)
        self._worklist = worklist
        self._signature = signature
        self._warn = warn
        self.gate = SaveGate(may_save)
        self._writer = Writer(post, known)

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
        if answer is not None:
            # Before a code is asked for: it is about the labels as they are now.
            session.saves.say(AS_RECORDED[answer])
        late = partial(self._save_late, case, then)
        if (session.saves.unsaved or answer) and self.gate.holds(late, is_wanted):
            self._worklist.set_status(case, Status.UNSAVED, NO_CODE)
            session.history_changed.emit()  # the answer is to be written down
            return
        if answer is None and not session.saves.unsaved:
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

    def _save_late(self, case: Case, then: Callable[[], None] | None) -> None:
        if case in self._sessions:
            self.save(case, then)

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
        late = partial(self._writer.after, go_on)
        if not (self.gate.is_waiting and self.gate.holds(late, is_wanted=False)):
            late()

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
