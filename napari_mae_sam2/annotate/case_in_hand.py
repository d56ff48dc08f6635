"""The case in hand: read in a thread of its own, and there until the next one is.

`case_desk` says which cases there are, `desk` what becomes of their labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.ahead import Ahead
from napari_mae_sam2.annotate.arrivals import Arrivals, doubles_among
from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.keeping import Keeping, sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.leaving_study import LeftBehind, Offer
from napari_mae_sam2.annotate.opening import Opened, UnreadablePage, open_case
from napari_mae_sam2.annotate.queue_cases import QueueCases
from napari_mae_sam2.annotate.renaming import offer_new_name
from napari_mae_sam2.annotate.whereabouts import Whereabouts
from napari_mae_sam2.annotate.worklist import Case, Status, Worklist
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.journal import JournalFile
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.places import Places


class CaseInHand:
    """The worklist and the case of it that is in hand; see `Desk`."""

    case_opened = Signal(object)
    """Emits the CaseSession in hand, or None."""
    leaving = Signal()
    """Another case was asked for."""
    folder_changed = Signal(object)
    code_wanted = Signal(bool)
    """Something is to be saved and there is no grader code; True where the grader
    asked for it. See `Desk.save_waiting`."""
    told = Signal(str)
    warned = Signal(str)
    offered = Signal(object)
    """Emits an `Offer`: something to be done where the grader says so."""

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
        self.known = KnownStudies(state / "studies.json")
        """Which study lies where."""
        self.is_opening = False
        """True while other cases, or another case, are asked for and not there."""
        self._post = post
        self._places = places
        self._home = home
        self._case: Case | None = None
        self._empty_study: Path | None = None
        """A study that was opened and has no case to show in the list."""
        self._paths: list[Path] = []
        self._wanted: tuple[Path | None, int] = (None, 0)
        self._whereabouts = Whereabouts(state / "open")
        self._journals = Journals(
            state / "journals",
            lambda sentence: post(lambda: self.warned.emit(sentence)),
            self.known,
        )
        frames = Frames()
        self.ahead = Ahead(self.worklist, annotator, frames)
        """Reads the next cases in the background."""
        self._opener = LatestWins[Case, Opened](
            lambda case, _cancelled: open_case(
                case, frames, self._journals, self.known
            ),
            lambda outcome: post(lambda: self._on_opened(outcome)),
            "open case",
        )
        self._keeping = Keeping(
            post,
            self.worklist,
            self._signature,
            self.warned.emit,
            self._journals,
            self.known,
            self._may_save,
        )
        self._left_behind = LeftBehind(self._keeping.give_up_unmade)
        self.study_cases = QueueCases()
        self._arrivals = Arrivals(places, self._keeping, self.study_cases)

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._keeping.get(self._case)

    @property
    def case(self) -> Case | None:
        """What is in hand, also while the list is at the next case, being opened."""
        return self._case

    @property
    def home(self) -> Path:
        """The study folder of frames that lie in no folder."""
        return self._home

    @property
    def folder(self) -> Path:
        """The study folder of the case in hand."""
        case = self._case or self.worklist.current
        return (self._empty_study or self._home) if case is None else case.study

    def go(self, position: int) -> None:
        """Open another case of the list; the one in hand is kept on the way."""
        self.leaving.emit()
        self._take(position)

    # --- inside ----------------------------------------------------------------

    def _begin_anew(self) -> None:
        """Begin a new study where one was and is gone."""
        folder = self.folder
        self.known.forget(folder)
        for case in self.worklist.cases:
            if case.study == folder:
                case.study_id = ""
        self._keeping.save_all()
        self.told.emit(f"A new study begins in {folder} with the next save.")

    def _may_save(self, is_wanted: bool) -> bool:
        """Tell whether labels may be saved; ask for a code where nobody gave one."""
        if self.grader or not len(self.code_wanted):
            return True
        self.code_wanted.emit(is_wanted)
        return False

    def _signature(self) -> tuple[str, ModelRecord | None]:
        predictor = self.annotator.predictor
        if predictor is None:
            return self.grader, None
        return self.grader, ModelRecord(
            name=predictor.name,
            fingerprint=predictor.fingerprint,
            round=predictor.round,
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
        if in_hand is not None:
            in_hand.painted()  # a stroke may be under way
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
        self._show(case, opened, in_hand)
        wanted = self.worklist.position_of(*self._wanted)
        self._wanted = (None, 0)
        if wanted is not None and wanted != self.worklist.index:
            self._take(wanted)  # a page that was not known of before

    def _show(self, case: Case, opened: Opened, in_hand: CaseSession | None) -> None:
        further = self._arrivals.further_pages(case, opened.pages)
        self.worklist.insert_after(case, further)
        session = opened.session
        case.study_id = opened.study_id
        case.sha256 = session.frame.sha256
        self.worklist.set_status(case, _status(case.status, opened.status))
        if in_hand is not None and not in_hand.draft.is_empty:
            session.go_on_with(in_hand.draft)
        self._put_on_desk(case, session, opened.journal)
        if opened.trouble:
            self.warned.emit(opened.trouble)
        elif session.saves.unsaved:
            self.told.emit(f"{case.name} is back as you left it, with its history.")
        elif session.is_reviewing:
            self.told.emit("The model's proposal: accept A, reject R, edit E.")
        offer = self._left_behind.offer_for(session)
        if offer is not None:
            self.offered.emit(offer)
        elif self.known.is_gone(case.study):
            sentence = "To begin a new study in its place:"
            self.offered.emit(Offer(sentence, "New study", self._begin_anew))
        elif opened.known_as:
            said = (self.told.emit, self.warned.emit)
            self.offered.emit(
                offer_new_name(
                    case,
                    session.frame,
                    opened.known_as,
                    lambda: self.grader,
                    self._post,
                    said,
                )
            )

    def _put_on_desk(
        self,
        case: Case,
        session: CaseSession | None,
        journal: JournalFile | None = None,
    ) -> None:
        # Only now does the grader leave the case before: it could be painted on
        # until here.
        self._keeping.save_all()
        self._keeping.note_left(self._case)
        self.is_opening = False
        self._case = case
        if session is not None:
            self._keeping.put(case, session, journal)
        self._empty_study = None
        self._drop_doubles()
        where = where_is(case)
        if where is not None:
            paths = self._paths or [where if case.path else case.study]
            self._journals.later(
                lambda: self._whereabouts.note(paths, where, case.page)
            )
        self.annotator.open(session)
        self.folder_changed.emit(self.folder)
        self.case_opened.emit(session)


def where_is(case: Case) -> Path | None:
    """Give a path that leads to a case again; None for a frame in memory alone."""
    if case.path is None and case.case_id and not case.reading:
        return case.study / "cases" / case.case_id
    return case.path


def _status(known: Status, opened: Status) -> Status:
    """Say where a case stands that was opened.

    What its study said without a label stays, such as that it cannot be graded, and
    so do two answers.
    """
    is_more = known in (Status.CONFLICT, Status.CANNOT_GRADE, Status.REVIEW)
    if is_more and opened is not Status.IN_WORK:
        return known
    is_open = known in (Status.PROPOSED, Status.IN_WORK) and opened is Status.NEW
    return known if is_open else opened
