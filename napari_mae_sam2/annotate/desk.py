"""The grader's desk: opens cases one after the other and puts them away saved.

Reading and writing happen in threads of their own; `keeping` tells what is saved when.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.keeping import Keeping, sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.opening import Opened, open_case
from napari_mae_sam2.annotate.worklist import Case, Status, Worklist
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.places import Places


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
        self._opener = LatestWins[Case, Opened](
            lambda case, _cancelled: open_case(case),
            lambda outcome: post(lambda: self._on_opened(outcome)),
            "open case",
        )
        self._keeping = Keeping(post, self.worklist, self._signature, self.warned.emit)

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._keeping.get(self._case)

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
            self._keeping.save_all()
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
        self._keeping.move(self._case)
        self.folder_changed.emit(folder)
        if self._case is not None and self.session is not None:
            # Still in hand, and may be painted on, until the other labels are read.
            self._opener.submit(self._case)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the case in hand as a new revision, also where nothing was found.

        An empty label is an answer: this frame shows no leakage.
        """
        if self._case is not None and self.session is not None:
            self._keeping.save(self._case, then)

    def save_changes(self, then: Callable[[], None]) -> None:
        """Save every case that changed, then go on; where one fails, stop there."""
        self._keeping.save_changes(then)

    def close(self) -> list[str]:
        """Save what is not saved, stop every worker and wait for it.

        Returns
        -------
        list of str
            A sentence for every case whose labels could be saved nowhere.
        """
        troubles = self.save_now()
        self._keeping.close()
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
        return self._keeping.save_now(self._home)

    # --- inside ----------------------------------------------------------------

    def _case_of(self, path: Path, page: int = 0, pages: int = 1) -> Case:
        name = path.stem if pages == 1 else f"{path.stem}, page {page + 1}"
        load = partial(read_frame, path, page)
        return Case(name, load, self._places.study_of(path.parent), path, page)

    def _signature(self) -> tuple[str, ModelRecord | None]:
        predictor = self.annotator.predictor
        if predictor is None:
            return self.grader, None
        return self.grader, ModelRecord(
            name=predictor.name,
            fingerprint=predictor.fingerprint,
            round=predictor.round,
        )

    def _take(self, position: int) -> None:
        case = self.worklist.take(position)
        session = self._keeping.get(case)
        if session is None:
            self._opener.submit(case)
        else:
            self._opener.cancel()
            self._put_on_desk(case, session)

    def _on_opened(self, outcome: Outcome[Case, Opened]) -> None:
        if not self._opener.is_current(outcome.generation):
            return
        case, opened = outcome.request, outcome.response
        in_hand = self._keeping.get(case)
        if in_hand is not None and not in_hand.saves.is_saved:
            return  # what the grader did meanwhile counts, and corrects what is there
        if opened is None:
            sentence = sentence_of(outcome.error, f"{case.name} cannot be opened")
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
        session = opened.session
        self.worklist.set_status(case, Status.GRADED if opened.graded else Status.NEW)
        if in_hand is not None and not in_hand.draft.is_empty:
            session.go_on_with(in_hand.draft)
        self._put_on_desk(case, session)

    def _put_on_desk(self, case: Case, session: CaseSession | None) -> None:
        # Only now does the grader leave the case before: it could be painted on
        # until here.
        self._keeping.save_all()
        self._case = case
        if session is not None:
            self._keeping.put(case, session)
        self.annotator.open(session)
        self.folder_changed.emit(self.folder)
        self.case_opened.emit(session)
