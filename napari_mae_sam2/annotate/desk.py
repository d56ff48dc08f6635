"""The grader's desk: opens cases one after the other and puts them away saved.

Reading and writing happen in threads of their own. A case that is left is saved in
the background; one that could not be saved stays in memory, is marked in the list,
and is tried again with the next save and on closing.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.saving import Saved, Writer, find
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.annotate.worklist import Case, Status, Worklist
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import count_pages, list_frames, read_frame
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.places import Places

log = logging.getLogger(__name__)

SESSIONS_KEPT = 6
"""Saved cases that stay in memory with their history, for going back."""


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    frame: Frame
    saved: Saved | None
    pages: int


class Desk:
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
    """

    case_opened = Signal(object)
    """Emits the CaseSession in hand, or None."""
    leaving = Signal()
    """Another case was asked for."""
    folder_changed = Signal(object)
    told = Signal(str)
    warned = Signal(str)

    def __init__(
        self,
        annotator: Annotator,
        post: Callable[[Callable[[], None]], None],
        places: Places,
        home: Path,
    ) -> None:
        self.worklist = Worklist()
        self.annotator = annotator
        self.grader = ""
        self._places = places
        self._home = home
        self._case: Case | None = None
        # In hand, left not long ago, or not saved: they come back as they were.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._opener = LatestWins[Case, _Opened](
            lambda case, _cancelled: _open(case),
            lambda outcome: post(lambda: self._on_opened(outcome)),
            "open case",
        )
        self._writer = Writer(post)

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return None if self._case is None else self._sessions.get(self._case)

    @property
    def folder(self) -> Path:
        """The study folder of the case in hand."""
        case = self._case or self.worklist.current
        return self._home if case is None else case.study

    # --- cases -----------------------------------------------------------------

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Begin a worklist of files and folders and open its first case."""
        self.leaving.emit()
        cases: list[Case] = []
        for path in paths:
            try:
                files = list_frames(path) if path.is_dir() else [path]
            except PlainError as error:
                self.warned.emit(str(error))
                continue
            cases += [self._case_of(file) for file in files]
        if cases:
            self._save_all()
            self.worklist.replace(cases)
            self._take(0)

    def open_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add one frame that is drawn or in memory, and open it."""
        self.leaving.emit()
        self._take(self.worklist.add(Case(name, load, self._home)))

    def add_file(self, path: Path) -> None:
        """Add one file to the worklist; it is opened where nothing else is coming."""
        position = self.worklist.add(self._case_of(path))
        if not self._opener.is_busy:
            self.leaving.emit()
            self._take(position)

    def step(self, step: int) -> None:
        """Go so many cases on or back; the case in hand is saved on the way."""
        position = self.worklist.neighbour(step)
        if position is not None:
            self.go(position)
        elif self._case is not None:
            end = "last" if step > 0 else "first"
            self.save_changes(
                lambda: self.told.emit(
                    f"This is the {end} case of the list; what you changed is saved."
                )
            )

    def go(self, position: int) -> None:
        """Open another case of the list; the one in hand is saved on the way."""
        self.leaving.emit()
        self._take(position)

    # --- labels ----------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Keep the labels of all open cases in another study folder from now on.

        Labels that lie there already are not hidden: a case without changes is opened
        from there, and what was changed becomes a correction of what lies there.
        """
        if folder == self.folder:
            return
        for case in self.worklist.cases:
            case.study = folder
            case.status = Status.NEW
            if case.path is not None:
                self._places.choose(case.path.parent, folder)
        if self._case is not None and self._case.path is None:
            self._home = folder
        for case, session in list(self._sessions.items()):
            session.move_to_new_study()
            if session.saves.is_saved and case is not self._case:
                del self._sessions[case]
        self.folder_changed.emit(folder)
        if self._case is not None and self.session is not None:
            # Still in hand, and may be painted on, until the other labels are read.
            self._opener.submit(self._case)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the case in hand as a new revision, also where nothing was found.

        An empty label is an answer: this frame shows no leakage.
        """
        if self._case is not None and self.session is not None:
            self._save(self._case, self.session, then)

    def save_changes(self, then: Callable[[], None]) -> None:
        """Save every case that changed, then go on; where one fails, stop there."""

        def go_on() -> None:
            if not any(case.status is Status.UNSAVED for case in self._sessions):
                then()

        self._save_all()
        self._writer.after(go_on)

    def close(self) -> list[str]:
        """Save what is not saved, stop every worker and wait for it.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        troubles = self.save_now()
        self._writer.close()
        self._opener.close()
        self.annotator.close()
        return troubles

    def save_now(self) -> list[str]:
        """Save what is not saved, and wait for it.

        What its own study folder does not take goes to the one at home.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        self._writer.wait()
        troubles = []
        for case, session in list(self._sessions.items()):
            session.painted()
            if session.saves.is_saved:
                continue
            for folder in (case.study, self._home):
                try:
                    self._writer.save_here(session, folder, self.grader, self._model())
                    break
                except Exception as error:
                    trouble = _sentence(error, f"{case.name} could not be saved")
                    log.warning("%s", trouble)
            else:
                troubles.append(trouble)
        return troubles

    # --- inside ----------------------------------------------------------------

    def _case_of(self, path: Path, page: int = 0, pages: int = 1) -> Case:
        name = path.stem if pages == 1 else f"{path.stem}, page {page + 1}"
        load = partial(read_frame, path, page)
        return Case(name, load, self._places.study_of(path.parent), path, page)

    def _model(self) -> ModelRecord | None:
        predictor = self.annotator.predictor
        if predictor is None:
            return None
        return ModelRecord(
            name=predictor.name,
            fingerprint=predictor.fingerprint,
            round=predictor.round,
        )

    def _take(self, position: int) -> None:
        case = self.worklist.take(position)
        session = self._sessions.get(case)
        if session is None:
            self._opener.submit(case)
        else:
            self._opener.cancel()
            self._put_on_desk(case, session)

    def _on_opened(self, outcome: Outcome[Case, _Opened]) -> None:
        if not self._opener.is_current(outcome.generation):
            return
        case, opened = outcome.request, outcome.response
        in_hand = self._sessions.get(case)
        if in_hand is not None and not in_hand.saves.is_saved:
            return  # what the grader did meanwhile counts, and corrects what is there
        if opened is None:
            sentence = _sentence(outcome.error, f"{case.name} cannot be opened")
            self.worklist.set_status(case, Status.UNREADABLE, sentence)
            self._put_on_desk(case, None)
            self.warned.emit(sentence)
            return
        if case.path is not None and case.page == 0 and opened.pages > 1:
            case.name = f"{case.path.stem}, page 1"
            self.worklist.insert_after(
                case,
                [
                    self._case_of(case.path, page, opened.pages)
                    for page in range(1, opened.pages)
                ],
            )
        saved = opened.saved
        self.worklist.set_status(case, Status.NEW if saved is None else Status.GRADED)
        session = (
            CaseSession(opened.frame)
            if saved is None
            else CaseSession(opened.frame, saved.labels, saved.lesions, saved.revision)
        )
        if in_hand is not None and not in_hand.draft.is_empty:
            session.go_on_with(in_hand.draft)
        self._put_on_desk(case, session)

    def _put_on_desk(self, case: Case, session: CaseSession | None) -> None:
        # Only now does the grader leave the case before: it could be painted on
        # until here.
        self._save_all()
        self._case = case
        if session is not None:
            self._sessions[case] = session
            self._sessions.move_to_end(case)
            self._forget()
        self.annotator.open(session)
        self.folder_changed.emit(self.folder)
        self.case_opened.emit(session)

    def _forget(self) -> None:
        """Let the oldest cases go whose labels are on disk."""
        for case, session in list(self._sessions.items())[:-SESSIONS_KEPT]:
            if session.saves.is_saved:
                del self._sessions[case]

    def _save_all(self) -> None:
        for case, session in list(self._sessions.items()):
            session.painted()
            if session.saves.unsaved:
                self._save(case, session, None)

    def _save(
        self, case: Case, session: CaseSession, then: Callable[[], None] | None
    ) -> None:
        folder = case.study

        def done(error: Exception | None) -> None:
            if error is not None:
                sentence = _sentence(error, f"{case.name} could not be saved")
                self.worklist.set_status(case, Status.UNSAVED, sentence)
                self.warned.emit(f"{sentence} Your labels are kept in the window.")
                return
            if case.study == folder:
                self.worklist.set_status(case, Status.GRADED)
            if then is not None:
                then()

        self._writer.save(session, folder, self.grader, self._model(), done)


def _open(case: Case) -> _Opened:
    frame = case.load()
    pages = count_pages(case.path) if case.path is not None and not case.page else 1
    return _Opened(frame, find(frame, case.study), pages)


def _sentence(error: BaseException | None, what: str) -> str:
    if isinstance(error, PlainError):
        return str(error)
    log.error("%s", what, exc_info=error)
    return f"{what}: {error}."
