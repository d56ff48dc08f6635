"""The grader's desk: opens cases one after the other and puts them away saved.

Reading and writing happen in threads of their own; a case is left only when what was
done to it is on disk, so a folder that cannot be written costs nothing but a message.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.saving import Saved, find, save
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.annotate.worklist import Case, Status, Worklist
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.fa.frame import Frame

log = logging.getLogger(__name__)
T = TypeVar("T")

STUDY_NAME = "leakage-study"
"""Folder beside the frames in which their labels are kept unless told otherwise."""

SESSIONS_KEPT = 6
"""Cases that stay in memory with their history; they are saved before they are left."""


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    frame: Frame
    saved: Saved | None


class Desk:
    """Holds the worklist, the case in hand and the place of its labels.

    Parameters
    ----------
    annotator : Annotator
        Answers the drafts of the case in hand.
    post : callable
        Runs a function on the thread that owns all this.
    home : Path
        Study folder for frames that lie in no folder, such as the drawn sample.
    """

    case_opened = Signal(object)
    """Emits the CaseSession in hand, or None."""
    folder_changed = Signal(object)
    told = Signal(str)
    warned = Signal(str)

    def __init__(
        self,
        annotator: Annotator,
        post: Callable[[Callable[[], None]], None],
        home: Path,
    ) -> None:
        self.worklist = Worklist()
        self.annotator = annotator
        self.grader = ""
        self._post = post
        self._folder = home
        self._session: CaseSession | None = None
        # Cases left not long ago come back as they were, with prompts and history.
        self._sessions: OrderedDict[Case, CaseSession] = OrderedDict()
        self._opener = LatestWins[Case, _Opened](
            lambda case, _cancelled: self._open(case),
            lambda outcome: post(lambda: self._on_opened(outcome)),
            "open case",
        )
        self._writer = ThreadPoolExecutor(1, "save labels")

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._session

    @property
    def folder(self) -> Path:
        """The study folder that labels are saved to."""
        return self._folder

    # --- cases -----------------------------------------------------------------

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Begin a worklist of files and folders and open its first case."""
        cases: list[Case] = []
        for path in paths:
            try:
                files = list_frames(path) if path.is_dir() else [path]
            except PlainError as error:
                self.warned.emit(str(error))
                continue
            cases += [
                Case(file.stem, partial(read_frame, file), file) for file in files
            ]
        if cases:
            first = cases[0].path
            assert first is not None
            self._leave(lambda: self._begin(cases, first.parent / STUDY_NAME))

    def open_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add one frame that is drawn or in memory, and open it."""
        case = Case(name, load)
        self._leave(lambda: self._take(self.worklist.add(case)))

    def add_file(self, path: Path) -> None:
        """Add one file to the worklist; it is opened where nothing else is in hand."""
        case = Case(path.stem, partial(read_frame, path), path)
        if self.worklist.current is None:
            self.open_paths([path])
            return
        position = self.worklist.add(case)
        if self._session is None or not self._opener.is_busy:
            self._leave(lambda: self._take(position))

    def step(self, step: int) -> None:
        """Save the case in hand and go so many cases on or back."""
        position = self.worklist.neighbour(step)
        if position is None:
            end = "last" if step > 0 else "first"
            self._leave(
                lambda: self.told.emit(f"This was the {end} case; it is saved.")
            )
        else:
            self.go(position)

    def go(self, position: int) -> None:
        """Save the case in hand and open another one of the list."""
        if position != self.worklist.index or self._session is None:
            self._leave(lambda: self._take(position))

    # --- labels ----------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Save labels to another study folder from now on."""
        if folder != self._folder:
            self._folder = folder
            self.folder_changed.emit(folder)
            for session in self._sessions.values():
                session.move_to_new_study()

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the case in hand as a new revision, also where nothing was found.

        An empty label is an answer: this frame shows no leakage.
        """
        session, case = self._session, self.worklist.current
        if session is None or case is None:
            if then is not None:
                then()
            return
        snapshot, folder = session.snapshot(), self._folder
        model = self._model_record()
        self._write(
            lambda: save(snapshot, folder, self.grader, model),
            lambda record: self._on_saved(
                session, case, snapshot.edits, record.id, then
            ),
        )

    def save_changes(self, then: Callable[[], None]) -> None:
        """Save the case in hand where it changed, then go on."""
        self._leave(then)

    def write(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do something with the files of the study, after what is being saved."""
        self._write(work, done)

    def close(self) -> None:
        """Save what is not saved, stop every worker and wait for it."""
        session = self._session
        if session is not None and session.unsaved:
            try:
                save(
                    session.snapshot(), self._folder, self.grader, self._model_record()
                )
            except PlainError:
                log.exception("The last case could not be saved on closing.")
        self._writer.shutdown(wait=True)
        self._opener.close()
        self.annotator.close()

    # --- inside ----------------------------------------------------------------

    def _model_record(self) -> ModelRecord | None:
        predictor = self.annotator.predictor
        if predictor is None:
            return None
        return ModelRecord(name=predictor.name, fingerprint=predictor.fingerprint)

    def _begin(self, cases: list[Case], folder: Path) -> None:
        self.worklist.replace(cases)
        self._sessions.clear()
        self._folder = folder
        self.folder_changed.emit(folder)
        self._take(0)

    def _leave(self, then: Callable[[], None]) -> None:
        if self._session is not None and self._session.unsaved:
            self.save(then)
        else:
            then()

    def _take(self, position: int) -> None:
        case = self.worklist.take(position)
        session = self._sessions.get(case)
        if session is None:
            self._opener.submit(case)
        else:
            self._opener.cancel()
            self._put_on_desk(case, session)

    def _open(self, case: Case) -> _Opened:
        frame = case.load()
        return _Opened(frame, find(frame, self._folder))

    def _on_opened(self, outcome: Outcome[Case, _Opened]) -> None:
        if not self._opener.is_current(outcome.generation):
            return
        case, opened = outcome.request, outcome.response
        if opened is None:
            sentence = self._sentence(outcome.error, f"{case.name} cannot be opened")
            self.worklist.set_status(case, Status.UNREADABLE, sentence)
            self.warned.emit(sentence)
            self._put_on_desk(case, None)
            return
        saved = opened.saved
        self.worklist.set_status(case, Status.NEW if saved is None else Status.GRADED)
        session = (
            CaseSession(opened.frame)
            if saved is None
            else CaseSession(opened.frame, saved.labels, saved.lesions, saved.revision)
        )
        self._put_on_desk(case, session)

    def _put_on_desk(self, case: Case, session: CaseSession | None) -> None:
        self._session = session
        if session is not None:
            self._sessions[case] = session
            self._sessions.move_to_end(case)
            while len(self._sessions) > SESSIONS_KEPT:
                self._sessions.popitem(last=False)
        self.annotator.open(session)
        self.case_opened.emit(session)

    def _on_saved(
        self,
        session: CaseSession,
        case: Case,
        edits: int,
        revision: str,
        then: Callable[[], None] | None,
    ) -> None:
        session.mark_saved(edits, revision)
        self.worklist.set_status(case, Status.GRADED)
        if then is not None:
            then()

    def _write(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        def finish(future: Future[T]) -> None:
            error = future.exception()
            if error is None:
                done(future.result())
            else:
                self.warned.emit(self._sentence(error, "The labels could not be saved"))

        self._writer.submit(work).add_done_callback(
            lambda future: self._post(lambda: finish(future))
        )

    @staticmethod
    def _sentence(error: BaseException | None, what: str) -> str:
        if isinstance(error, PlainError):
            return str(error)
        log.error("%s", what, exc_info=error)
        return f"{what}: {error}"
