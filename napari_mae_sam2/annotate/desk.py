"""The grader's desk: what becomes of the labels of the cases that are opened there.

Whoever goes on to another case, folder or window leaves work that is kept; only an
answer finishes a case. Writing happens in a thread of its own; `keeping` tells what is
saved when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.answers import why_not
from napari_mae_sam2.annotate.case_desk import CaseDesk
from napari_mae_sam2.annotate.worklist import Case, Status
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.answers import Answer
    from napari_mae_sam2.study.places import Places


class Desk(CaseDesk):
    """Holds the worklist, the case in hand and the place of its labels.

    Parameters
    ----------
    annotator : Annotator
        Answers the drafts of the case in hand.
    post : callable
        Runs a function on the thread that owns all this.
    places : Places
        Where labels of a folder of frames go.
    home : Path
        Study folder for frames that lie in no folder, such as the drawn sample.
    state : Path
        Folder for what brings the work back after a crash.
    indexes : Path, optional
        Folder of the indexes of studies on this computer; None keeps them in memory.
    """

    answered = Signal(object)
    """Emits the `Answer` that the grader gave to the case in hand."""

    def __init__(
        self,
        annotator: Annotator,
        post: Callable[[Callable[[], None]], None],
        places: Places,
        home: Path,
        state: Path,
        indexes: Path | None = None,
    ) -> None:
        super().__init__(annotator, post, places, home, state, indexes)

    def opened_paths(self) -> list[Path]:
        """Name what of the list has its labels in this study: files, folders, study."""
        opened = set(self._paths)
        paths: dict[Path, None] = {}
        for case in self.worklist.cases:
            if case.study != self.folder:
                continue
            if case.case_id:
                paths[case.study] = None
            elif case.path is not None:
                whole = case.path.parent
                paths[whole if whole in opened else case.path] = None
        return list(paths)

    # --- going on --------------------------------------------------------------

    def step(self, step: int) -> None:
        """Go so many cases on or back; the one in hand is kept as it stands."""
        if self.is_practising:
            self.told.emit(
                "The tour has one frame only; your cases come back after it."
            )
            return
        position = self.worklist.neighbour(step)
        words = self._words_on_leaving()
        if position is not None:
            self.go(position)
            if words:
                self.told.emit(words)
        elif self._case is not None:
            end = "last" if step > 0 else "first"
            self._keeping.note_left(self._case)
            said = f"This is the {end} case of the list. {words}".rstrip()
            self.save_changes(lambda: self.told.emit(said))

    def answer(self, answer: Answer, then: Callable[[], None] | None = None) -> str:
        """Finish the case in hand with an answer, which is saved with its labels.

        Parameters
        ----------
        answer : str
            See `Answer`. "No leakage" drops what waits to be judged.
        then : callable, optional
            Called once it is on disk.

        Returns
        -------
        str
            Why the case cannot be answered so, and what to do; empty where it is.
        """
        session = self.session
        if self._case is None or session is None:
            return "Open a case first."
        if self._case is not self.worklist.current:
            return "The next case is still being opened: answer it once you see it."
        reason = why_not(session, answer)
        if reason:
            return reason
        if answer == "no_leakage":
            session.reject_all()
            session.reject()
        self._keeping.save(self._case, then, answer)
        self._keeping.note_left(self._case)
        self.answered.emit(answer)
        return ""

    # --- labels ----------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Keep the labels of the open frames in another study folder from now on.

        The study in hand is left: its cases are kept in it and put away, and what was
        drawn there stays there. The frames are opened anew, as the other study has
        them. Cases of a study's queue belong to that study and go.
        """
        before = self.folder
        if same_folder(folder, before):
            return
        if self.is_practising:
            self.told.emit("End the tour first (Esc), then choose the folder.")
            return
        of_before = [case for case in self.worklist.cases if case.study == before]
        in_hand = self._case or self.worklist.current
        self._leave(of_before)
        moved = [
            self._keeping.in_study(case, folder) if case in of_before else case
            for case in self.worklist.cases
            if case not in of_before or not case.case_id
        ]
        for case in moved:
            if case.study == folder and case.path is not None:
                self._places.choose(case.path.parent, folder)
        if in_hand is None or in_hand.path is None:
            self._home = folder
        position = next(
            (
                place
                for place, case in enumerate(moved)
                if in_hand is not None
                and not in_hand.case_id
                and (case.path, case.page) == (in_hand.path, in_hand.page)
                and case.name == in_hand.name
            ),
            None,
        )
        self.worklist.replace(moved)
        self._empty_study = None
        self.folder_changed.emit(folder)
        if position is not None:
            self.go(position)

    def read_again(self) -> None:
        """Show what somebody else wrote to the study; what is unsaved stays."""
        self._keeping.let_go_of_saved(self._case)
        session = self.session
        if self._case is not None and session is not None and session.saves.is_saved:
            self._opener.submit(self._case)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Keep what changed in the case in hand as a new revision; answers nothing."""
        if self._case is not None and self.session is not None:
            self._keeping.save(self._case, then)

    @property
    def has_unsaved(self) -> bool:
        """True where a case in memory holds what is in no study."""
        return self._keeping.has_unsaved

    def save_waiting(self) -> None:
        """Save what had to wait for the grader's code."""
        self._keeping.gate.open()

    def forget_waiting(self) -> None:
        """Do not save what waits for a code; it stays in the window."""
        self._keeping.gate.forget()

    def save_changes(self, then: Callable[[], None]) -> None:
        """Save every case that changed, then go on; where one fails, stop there."""
        self._keeping.save_changes(self.folder, then)

    def close(self) -> list[str]:
        """Save what is not saved, stop every worker and wait for it.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        troubles = self.save_now()
        self._lister.close()
        self._looking_up.close()
        self._opener.close()
        self.ahead.switch(False)
        self.annotator.close()
        self._keeping.close()
        self._whereabouts.close()
        return troubles

    def save_now(self) -> list[str]:
        """Save what is not saved, and wait for it.

        What its own study folder does not take goes to the one at home.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        return self._keeping.save_now(self._home)

    # --- inside ----------------------------------------------------------------

    def _leave(self, cases: list[Case]) -> None:
        """Put cases away: kept in their own study, or in memory where it fails."""
        self._keeping.save_all()
        self._opener.cancel()
        self.is_opening = False
        sessions = [
            session
            for case in cases
            if not case.reading and (session := self._keeping.get(case)) is not None
        ]
        if cases:
            self._left_behind.leave(cases[0].study, sessions)
        if self._case in cases or self._case is None:
            self._case = None
            self.annotator.open(None)
            self.case_opened.emit(None)

    def _words_on_leaving(self) -> str:
        """Say how a case stands that the grader goes on from without an answer."""
        case, session = self._case, self.session
        if case is None or session is None:
            return ""
        session.painted()
        lesions = len(session.lesion_numbers())
        if session.saves.standing not in (None, "in_work", "proposed"):
            return ""
        if lesions:
            drawn = "1 lesion" if lesions == 1 else f"{lesions} lesions"
            was = "changed and " if case.status is Status.GRADED else ""
            return (
                f"{case.name} is {was}still in progress ({drawn}): "
                "Done (Alt + D) finishes a case."
            )
        return (
            f"{case.name} has no lesion and no answer yet: No leakage (Alt + 0) says "
            "that there is none."
        )
