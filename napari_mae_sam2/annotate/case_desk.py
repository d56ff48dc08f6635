"""The list of cases: what the grader opens, by folder, file or in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.arrivals import doubles_among
from napari_mae_sam2.annotate.case_in_hand import CaseInHand, where_is
from napari_mae_sam2.annotate.finding import Listed, Listing, find
from napari_mae_sam2.annotate.keeping import sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.looking_up import LookingUp
from napari_mae_sam2.annotate.whereabouts import Place
from napari_mae_sam2.annotate.worklist import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.finding import FoundStudy
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.places import Places


class CaseDesk(CaseInHand):
    """The worklist and how cases come into it; see `Desk`."""

    study_opened = Signal(object)
    """Emits the folder of a study whose cases were put into the list."""

    def __init__(
        self,
        annotator: Annotator,
        post: Callable[[Callable[[], None]], None],
        places: Places,
        home: Path,
        state: Path,
        indexes: Path | None = None,
    ) -> None:
        super().__init__(annotator, post, places, home, state)
        self._asked: Listing | None = None
        """What is being listed."""
        self._late: list[Case] | None = None  # added while files are being listed
        self._aside: tuple[tuple[Case, ...], int] | None = None
        """The grader's own list and place in it while a tour is under way."""
        self._looking_up = LookingUp(post, self._on_looked_up)
        self._lister = LatestWins[Listing, Listed](
            lambda wish, _cancelled: find(wish, indexes, places.study_of),
            lambda outcome: post(lambda: self._on_listed(outcome)),
            "list frames",
        )

    # --- what the grader opens -------------------------------------------------

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
        if paths:
            self.open_paths(paths, place.path, place.page)
        else:
            self.warned.emit(
                f"{place.paths[0]}, where you worked last, is gone. Open its frames "
                "where they are now: your unsaved work comes back with them."
            )
        return bool(paths)

    @property
    def is_practising(self) -> bool:
        """True while the frame of the guided tour is open."""
        return self._aside is not None

    def practise(self, name: str, load: Callable[[], Frame]) -> None:
        """Put the list aside and open a frame of which nothing is ever saved."""
        if self._aside is not None:
            return
        self.leaving.emit()
        self._aside = self.worklist.cases, self.worklist.index
        self.worklist.replace([Case(name, load, self._home, is_practice=True)])
        self._take(0)

    def end_practice(self) -> None:
        """Bring the list back as it was, and the case that was open."""
        before = self._put_practice_away()
        if before is None:
            return
        if before >= 0:
            self.go(before)
        else:
            self.annotator.open(None)
            self.folder_changed.emit(self.folder)
            self.case_opened.emit(None)

    def open_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add one frame that is drawn or in memory, and open it."""
        self._put_practice_away()
        self.leaving.emit()
        self._take(self.worklist.add(Case(name, load, self._home)))

    def open_once(self, name: str, load: Callable[[], Frame]) -> None:
        """Open a frame that is drawn, or go to it where it is in the list."""
        self._put_practice_away()
        position = self.worklist.position_of_drawn(name)
        if position is None:
            self.open_frame(name, load)
        else:
            self.go(position)

    def listed(self, case: Case) -> Case:
        """Give a case, or what the list has in its place: the file it was made of."""
        cases = self.worklist.cases
        twins = (
            one
            for one in cases
            if case not in cases and one in doubles_among([one, case], keep=case)
        )
        return next(twins, case)

    def open_case(self, case: Case) -> None:
        """Open a case that somebody made, or go to it where it is in the list."""
        self._put_practice_away()
        cases = self.worklist.cases
        known = case in cases
        self.go(cases.index(case) if known else self.worklist.add(case))

    def add_frame(self, name: str, load: Callable[[], Frame]) -> None:
        """Add a frame that is in memory; it is opened where no other case is."""
        if self.worklist.position_of_drawn(name) is not None:
            return
        case = Case(name, load, self._home)
        if self._aside is not None:  # it comes after the tour
            cases, index = self._aside
            if not any(one.path is None and one.name == name for one in cases):
                self._aside = (*cases, case), index
            return
        position = self._add(case)
        if self.session is None and not self.is_opening:
            self.go(position)

    def place(self) -> Place | None:
        """Tell which files are open and which one is in hand; None without files."""
        cases, index = self._aside or (self.worklist.cases, self.worklist.index)
        paths = dict.fromkeys(
            where if case.path is not None else case.study
            for case in cases
            if (where := where_is(case)) is not None
        )
        if not paths:
            return None
        current, first = cases[index] if index >= 0 else None, next(iter(paths))
        here = None if current is None else where_is(current)
        page = 0 if current is None or here is None else current.page
        return Place(tuple(paths), here or first, page)

    # --- inside ----------------------------------------------------------------

    def _add(self, case: Case) -> int:
        """Add a case at the end, also of a list that is only being read."""
        position = self.worklist.add(case)
        if self._late is not None:
            self._late.append(case)
        return position

    def _put_practice_away(self) -> int | None:
        """Bring the grader's own list back; None where no tour was under way."""
        if self._aside is None:
            return None
        (cases, index), self._aside = self._aside, None
        self._opener.cancel()
        self.is_opening, self._case = False, None
        self.worklist.replace(cases)
        self._keeping.forget_practice()
        return index

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
            if late and self.session is None and late[0] in self.worklist.cases:
                self._take(self.worklist.cases.index(late[0]))
            return
        self._put_practice_away()
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
        self._looking_up.look_up(self.worklist.cases)
        for study in listed.studies:
            self.study_opened.emit(study.folder)
        begin = self._arrivals.first_of(wish, listed, cases)
        self._drop_doubles()
        if wish.adds and self._opener.is_busy:
            return  # another case is coming already
        if begin is None:
            self._show_empty(listed.studies[0], wish.adds)
        else:
            twin = self._arrivals.twin_in(begin, self.worklist.cases)
            self._take(self.worklist.cases.index(twin))

    def _on_looked_up(self) -> None:
        self._drop_doubles()
        self.worklist.changed.emit()

    def _show_empty(self, found: FoundStudy, adds: bool) -> None:
        """Show a study of which no case is in the list; other cases stay open."""
        if adds and any(case.path or case.case_id for case in self.worklist.cases):
            has = "blinded readings" if found.is_blinded else "no cases yet"
            self.told.emit(
                f"The study {found.folder} has {has}, so the list stays as it was. To "
                "work on that study, choose Open, then Study…"
            )
            if self._case is None:  # a tour ended here
                self._take(0)
            return
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
