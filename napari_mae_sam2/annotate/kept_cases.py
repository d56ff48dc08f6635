"""The cases in memory with their sessions and journals; `keeping` saves them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.annotate.journal import Journal, JournalFile
    from napari_mae_sam2.annotate.journals import Journals
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.known import KnownStudies

SESSIONS_KEPT = 6
"""Saved cases that stay in memory with their history, for going back."""


class KeptCases:
    """The sessions in memory by their cases, the latest last.

    Parameters
    ----------
    journals : Journals
        Where it is written down what is done to them.
    known : KnownStudies
        Which study lies where.
    """

    def __init__(self, journals: Journals, known: KnownStudies) -> None:
        # In hand, left not long ago, or not saved: they come back as they were.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._journals = journals
        self._journal_of: dict[CaseSession, Journal] = {}
        self._known = known

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
