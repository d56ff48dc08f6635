"""The grader's desk: opens cases one after the other and puts them away saved.

Reading and writing happen in threads of their own; `keeping` tells what is saved when.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.ahead import Ahead
from napari_mae_sam2.annotate.arrivals import Arrivals, doubles_among
from napari_mae_sam2.annotate.finding import Listed, Listing, find
from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.keeping import Keeping, sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.opening import Opened, UnreadablePage, open_case
from napari_mae_sam2.annotate.queue_cases import QueueCases
from napari_mae_sam2.annotate.whereabouts import Place, Whereabouts
from napari_mae_sam2.annotate.worklist import Case, Status, Worklist
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.finding import FoundStudy
    from napari_mae_sam2.annotate.journal import JournalFile
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
    state : Path
        Folder for what brings the work back after a crash.
    indexes : Path, optional
        Folder of the indexes of studies on this computer; None keeps them in memory.
    """

    case_opened = Signal(object)
    """Emits the CaseSession in hand, or None."""
    leaving = Signal()
    """Another case was asked for."""
    left = Signal()
    """The grader is done with the case in hand, also where it is the last one."""
    folder_changed = Signal(object)
    told = Signal(str)
    warned = Signal(str)

    def __init__(
        self,
        annotator: Annotator,
        post: Callable[[Callable[[], None]], None],
        places: Places,
        home: Path,
        state: Path,
        indexes: Path | None = None,
    ) -> None:
        self.worklist = Worklist()
        self.annotator = annotator
        self.grader = ""
        self.study_cases = QueueCases()
        self._places = places
        self._home = home
        self._case: Case | None = None
        self.is_opening = False
        """True while other cases, or another case, are asked for and not there."""
        self._empty_study: Path | None = None
        """A study that was opened and has no case to show in the list."""
        self._asked: Listing | None = None
        """What is being listed."""
        self._paths: list[Path] = []
        self._late: list[Case] | None = None  # added while files are being listed
        self._wanted: tuple[Path | None, int] = (None, 0)
        self._whereabouts = Whereabouts(state / "open")
        self._journals = Journals(
            state / "journals",
            lambda sentence: post(lambda: self.warned.emit(sentence)),
        )
        frames = Frames()
        self.ahead = Ahead(self.worklist, annotator, frames)
        """Reads the next cases in the background."""
        self._lister = LatestWins[Listing, Listed](
            lambda wish, _cancelled: find(wish, indexes, places.study_of),
            lambda outcome: post(lambda: self._on_listed(outcome)),
            "list frames",
        )
        self._opener = LatestWins[Case, Opened](
            lambda case, _cancelled: open_case(case, frames, self._journals),
            lambda outcome: post(lambda: self._on_opened(outcome)),
            "open case",
        )
        self._keeping = Keeping(
            post, self.worklist, self._signature, self.warned.emit, self._journals
        )

        self._arrivals = Arrivals(places, self._keeping, self.study_cases)

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._keeping.get(self._case)

    @property
    def folder(self) -> Path:
        """The study folder of the case in hand."""
        case = self._case or self.worklist.current
        return (self._empty_study or self._home) if case is None else case.study

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

    # --- cases -----------------------------------------------------------------

    def open_paths(
        self, paths: Iterable[Path], first: Path | None = None, page: int = 0
    ) -> None:
        """Begin a worklist of files, folders and studies and open its first case.

        Where none of them can be opened, the cases that are open stay.

        Parameters
        ----------
        paths : iterable of Path
            Files, folders of frames, and studies or anything inside them.
        first : Path, optional
            The file to begin with, where it is among them.
        page : int
            Page of that file.
        """
        self.leaving.emit()
        self.is_opening = True
        self._late = self._late or []
        self._asked = Listing(tuple(paths), first, page, grader=self.grader)
        self._lister.submit(self._asked)

    def add_paths(self, paths: Iterable[Path]) -> None:
        """Add files, folders and studies to the worklist and open the first of them."""
        self.leaving.emit()
        self.is_opening = True
        self._late = self._late or []
        asked = self._asked
        if asked is None:
            self._asked = Listing(tuple(paths), adds=True, grader=self.grader)
        else:  # nothing that was asked for a moment ago is lost
            self._asked = replace(asked, paths=(*asked.paths, *paths))
        self._lister.submit(self._asked)

    def bring_back(self) -> bool:
        """Go on where a window that crashed was; False where none did."""
        place = self._whereabouts.left_behind()
        if place is None:
            return False
        paths = [path for path in place.paths if path.exists()]
        if not paths:
            self.warned.emit(
                f"{place.paths[0]} is gone; what you did there comes back with it."
            )
        self.open_paths(paths, place.path, place.page)
        return bool(paths)

    def open_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add one frame that is drawn or in memory, and open it."""
        self.leaving.emit()
        self._take(self.worklist.add(Case(name, load, self._home)))

    def open_once(self, name: str, load: Callable[[], Frame]) -> None:
        """Open a frame that is drawn, or go to it where it is in the list."""
        position = self.worklist.position_of_drawn(name)
        if position is None:
            self.open_frame(name, load)
        else:
            self.go(position)

    def open_case(self, case: Case) -> None:
        """Open a case that somebody made, or go to it where it is in the list."""
        cases = self.worklist.cases
        known = case in cases
        self.go(cases.index(case) if known else self.worklist.add(case))

    def add_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add a frame that is in memory; it is opened where no other case is."""
        if self.worklist.position_of_drawn(name) is not None:
            return
        position = self._add(Case(name, load, self._home))
        if self.session is None and not self.is_opening:
            self.go(position)

    def place(self) -> Place | None:
        """Tell which files are open and which one is in hand; None without files."""
        paths = dict.fromkeys(
            where if case.path is not None else case.study
            for case in self.worklist.cases
            if (where := _where(case)) is not None
        )
        if not paths:
            return None
        current, first = self.worklist.current, next(iter(paths))
        here = None if current is None else _where(current)
        page = 0 if current is None or here is None else current.page
        return Place(tuple(paths), here or first, page)

    def step(self, step: int) -> None:
        """Go so many cases on or back; the case in hand is saved on the way."""
        position = self.worklist.neighbour(step)
        self.left.emit()
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
        Cases of a study's queue are put away: they belong to that study.
        """
        if folder == self.folder:
            return
        self._put_queue_away()
        for case in self.worklist.cases:
            case.study = folder
            case.status = Status.NEW
            if case.path is not None:
                self._places.choose(case.path.parent, folder)
        in_hand = self._case or self.worklist.current
        if in_hand is None or in_hand.path is None:
            self._home = folder
        self._keeping.move(self._case)
        self.folder_changed.emit(folder)
        if self._case is not None and self.session is not None:
            # Still in hand, and may be painted on, until the other labels are read.
            self._opener.submit(self._case)

    def read_again(self) -> None:
        """Show what somebody else wrote to the study; what is unsaved stays."""
        self._keeping.let_go_of_saved(self._case)
        session = self.session
        if self._case is not None and session is not None and session.saves.is_saved:
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
        self._lister.close()
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

    def _add(self, case: Case) -> int:
        """Add a case at the end, also of a list that is only being read."""
        position = self.worklist.add(case)
        if self._late is not None:
            self._late.append(case)
        return position

    def _put_queue_away(self) -> None:
        of_queue = [case for case in self.worklist.cases if case.case_id]
        if not of_queue:
            return
        self._keeping.save_all()
        if self._case in of_queue or self.worklist.current in of_queue:
            self._opener.cancel()
            self.is_opening = False
            self._case = None
            self.annotator.open(None)
        self.worklist.remove(of_queue)
        if self._case is None:
            self.case_opened.emit(None)

    def _signature(self) -> tuple[str, ModelRecord | None]:
        predictor = self.annotator.predictor
        if predictor is None:
            return self.grader, None
        return self.grader, ModelRecord(
            name=predictor.name,
            fingerprint=predictor.fingerprint,
            round=predictor.round,
        )

    def _on_listed(self, outcome: Outcome[Listing, Listed]) -> None:
        if not self._lister.is_current(outcome.generation):
            return
        self.is_opening, self._asked = self._opener.is_busy, None
        late, self._late = self._late or [], None
        wish, listed = outcome.request, outcome.response
        if listed is None:
            self.warned.emit(sentence_of(outcome.error, "The folder cannot be opened"))
            listed = Listed()
        if listed.troubles:
            more = len(listed.troubles) - 1
            rest = f" {more} more cannot be opened." if more else ""
            self.warned.emit(f"{listed.troubles[0]}{rest}")
        if not (listed.files or listed.studies):
            if late and self.session is None:
                self._take(self.worklist.cases.index(late[0]))
            return
        self._keeping.save_all()
        cases = self._arrivals.cases_of(listed)
        if not wish.adds:
            self.worklist.replace(cases)
            for case in late:
                self.worklist.add(case)
            self._paths = list(wish.paths)
        else:
            self.worklist.extend(cases)
            self._paths += [path for path in wish.paths if path not in self._paths]
        self._wanted = (wish.first, wish.page)
        begin = self._arrivals.first_of(wish, listed, cases)
        self._drop_doubles()
        if wish.adds and self._opener.is_busy:
            return  # another case is coming already
        if begin is None:
            self._show_empty(listed.studies[0])
        else:
            twin = self._arrivals.twin_in(begin, self.worklist.cases)
            self._take(self.worklist.cases.index(twin))

    def _show_empty(self, found: FoundStudy) -> None:
        """Show a study of which no case is in the list."""
        self.worklist.replace([])
        self._opener.cancel()
        self._case, self._empty_study = None, found.folder
        self.annotator.open(None)
        self.folder_changed.emit(self.folder)
        self.case_opened.emit(None)
        self.told.emit(
            "You have blinded readings in this study: take cases from its queue."
            if found.is_blinded
            else "This study has no cases yet: add frames with Study… in the queue."
        )

    def _drop_doubles(self) -> None:
        """Take out of the list what is in it by another way as well."""
        doubles = doubles_among(self.worklist.cases, self.worklist.current)
        gone = []
        for case in doubles:
            session = self._keeping.get(case)
            if session is None or session.saves.is_saved:
                gone.append(case)
        if gone:
            self.worklist.remove(gone)

    def _take(self, position: int) -> None:
        case = self.worklist.take(position)
        session = self._keeping.get(case)
        if session is None:
            self.is_opening = True
            self._opener.submit(case)
        else:
            self._opener.cancel()
            self._put_on_desk(case, session)

    def _on_opened(self, outcome: Outcome[Case, Opened]) -> None:
        case, opened = outcome.request, outcome.response
        in_hand = self._keeping.get(case)
        is_current = self._opener.is_current(outcome.generation)
        if not is_current or (in_hand is not None and not in_hand.saves.is_saved):
            # What the grader did meanwhile counts, and corrects what is there.
            self.is_opening = self.is_opening and not is_current
            if opened is not None:
                opened.drop()
            return
        if opened is None:
            sentence = sentence_of(outcome.error, f"{case.name} cannot be opened")
            if isinstance(outcome.error, UnreadablePage):
                further = self._arrivals.further_pages(case, outcome.error.pages)
                self.worklist.insert_after(case, further)
            self.worklist.set_status(case, Status.UNREADABLE, sentence)
            self._put_on_desk(case, None)
            self.warned.emit(sentence)
            return
        further = self._arrivals.further_pages(case, opened.pages)
        self.worklist.insert_after(case, further)
        session = opened.session
        case.sha256 = session.frame.sha256
        self.worklist.set_status(case, _status(case.status, opened.graded))
        if in_hand is not None and not in_hand.draft.is_empty:
            session.go_on_with(in_hand.draft)
        self._put_on_desk(case, session, opened.journal)
        if opened.trouble:
            self.warned.emit(opened.trouble)
        elif session.saves.unsaved:
            self.told.emit(f"{case.name} is back as you left it, with its history.")
        elif session.is_reviewing:
            self.told.emit("The model's proposal: accept A, reject R, edit E.")
        wanted = self.worklist.position_of(*self._wanted)
        self._wanted = (None, 0)
        if wanted is not None and wanted != self.worklist.index:
            self._take(wanted)  # a page that was not known of before

    def _put_on_desk(
        self,
        case: Case,
        session: CaseSession | None,
        journal: JournalFile | None = None,
    ) -> None:
        # Only now does the grader leave the case before: it could be painted on
        # until here.
        self._keeping.save_all()
        self.is_opening = False
        self._case = case
        if session is not None:
            self._keeping.put(case, session, journal)
        self._empty_study = None
        self._drop_doubles()
        where = _where(case)
        if where is not None:
            paths = self._paths or [where if case.path else case.study]
            self._journals.later(
                lambda: self._whereabouts.note(paths, where, case.page)
            )
        self.annotator.open(session)
        self.folder_changed.emit(self.folder)
        self.case_opened.emit(session)


def _where(case: Case) -> Path | None:
    """Give a path that leads to a case again; None for a frame in memory alone."""
    if case.path is None and case.case_id and not case.reading:
        return case.study / "cases" / case.case_id
    return case.path


def _status(known: Status, graded: bool) -> Status:
    """Say where a case stands that was opened; what its study said of it stays."""
    if graded:
        is_more = known not in (Status.NEW, Status.UNSAVED, Status.UNREADABLE)
        return known if is_more else Status.GRADED
    is_without_label = (Status.PROPOSED, Status.IN_WORK, Status.CANNOT_GRADE)
    return known if known in is_without_label else Status.NEW
