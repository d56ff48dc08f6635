"""Reads predictions for the gallery, keeps its verdicts, takes them into a study.

All of it happens in threads of its own; nothing that was said is lost on closing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.keeping import sentence_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.sources import Source
from napari_mae_sam2.predict.stored import results_in
from napari_mae_sam2.qa.gallery import Gallery
from napari_mae_sam2.qa.ranking import Known, rank_results
from napari_mae_sam2.qa.verdicts import (
    keep_verdicts,
    read_verdicts,
    results_about,
    take_in,
    verdicts_of,
)
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.predict.results import FrameRecord
    from napari_mae_sam2.qa.ranking import Ranked
    from napari_mae_sam2.qa.verdicts import Taken, Verdicts


@dataclass(frozen=True, slots=True)
class Wish:
    """Which predictions are wanted: of a folder, else the latest of a study.

    Attributes
    ----------
    study : Path
    results : Path or None
        The folder, chosen by hand.
    judged : Path or None
        The folder that somebody is judging: later ones of the study do not hide it.
    is_asked : bool
        Whether somebody wants to see something else now.
    """

    study: Path
    results: Path | None = None
    judged: Path | None = None
    is_asked: bool = True


@dataclass(frozen=True, slots=True)
class Loaded:
    """Predictions that were read; without results there are none.

    Attributes
    ----------
    newer : str
        The model whose later predictions are not shown; empty where these are the
        latest.
    """

    results: Results | None
    ranked: Sequence[Ranked] = ()
    said: Verdicts | None = None
    newer: str = ""


class GalleryDesk:
    """What the gallery shows and what becomes of its verdicts.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this.
    reviewer : callable
        Gives the code of who looks; empty where there is none yet.
    """

    told = Signal(str)
    warned = Signal(str)
    taken = Signal()
    """Verdicts were taken into a study."""

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        reviewer: Callable[[], str],
    ) -> None:
        self.gallery = Gallery()
        self._post = post
        self._reviewer = reviewer
        self._closed = False
        self._wish: Wish | None = None
        self._unkept = False
        self._judged_since = False
        self._judged: Path | None = None
        self._newer = ""
        self._known: Known = {}  # the loader's thread alone has it
        self._writer = ThreadPoolExecutor(1, "keep verdicts")
        self._loader = LatestWins[Wish, Loaded](
            self._load,
            lambda outcome: post(lambda: self._on_loaded(outcome)),
            "read predictions",
        )
        self.gallery.judged.connect(self._on_judged)

    def load(self, study: Path, results: Path | None = None) -> None:
        """Show a folder of predictions, or the latest of a study."""
        self._judged = None
        self._submit(Wish(study, results))

    def follow(self, study: Path, anew: bool = False) -> None:
        """Show the predictions of a study, unless a folder was chosen by hand for it.

        Parameters
        ----------
        study : Path
            Study folder.
        anew : bool
            Also where they are shown already: there may be more.
        """
        wish = self._wish
        if wish is None or wish.study != study:
            self.load(study)
        elif anew and wish.results is None:
            self._submit(Wish(study, judged=self._judged, is_asked=False))

    def keep(self) -> None:
        """Write down what was said, where something was said since."""
        results = self.gallery.results
        if self._unkept and results is not None and not self._closed:
            self._unkept = False
            said = self.gallery.verdicts(self._reviewer())
            self._writer.submit(self._keep, results, said)

    def take_in(self, study: Path, page: Path | None = None) -> None:
        """Take verdicts into a study: those of the gallery, or of a file of the page.

        Parameters
        ----------
        study : Path
            Study folder.
        page : Path, optional
            The file.
        """
        self.keep()
        shown = self.gallery.results
        grader = self._reviewer()
        said = None if shown is None else self.gallery.verdicts(grader)

        def work() -> Callable[[], None]:
            verdicts = said if page is None else read_verdicts(page)
            assert verdicts is not None  # nothing is offered without frames
            is_ours = shown is not None and _may_go_to(shown, study)
            if page is None and shown is not None and not is_ours:
                raise StudyError(
                    f"These predictions belong to {shown.folder.parent.parent}: open "
                    "that study to take them in."
                )
            known = [shown] if shown is not None and is_ours else []
            results = results_about(verdicts, study, known)
            who = verdicts.reviewer or grader  # whoever takes them in did not look
            done = take_in(Study.open(study), results, verdicts, who)
            return lambda: self._on_taken(done, verdicts)

        self._do(work, "The verdicts could not be taken in")

    def close(self) -> None:
        """Keep what was said, then stop."""
        self.keep()
        self._closed = True
        self._loader.close()
        self._writer.shutdown(wait=True)

    # --- inside --------------------------------------------------------------------

    def _submit(self, wish: Wish) -> None:
        self.keep()  # else what was said just now would be read as it was before
        self._judged_since = False
        self._wish = wish
        self._loader.submit(wish)

    def _on_judged(self, _place: int) -> None:
        self._unkept = self._judged_since = True
        results = self.gallery.results
        self._judged = None if results is None else results.folder

    def _load(self, wish: Wish, cancelled: Callable[[], bool]) -> Loaded:
        self._writer.submit(lambda: None).result()  # what was said just now is read
        newer = ""
        if wish.results is not None:
            results = Results.open(wish.results)
        else:
            # A run that has just begun has nothing to show yet.
            every = [one for one in results_in(wish.study) if one.record_files()]
            if not every:
                return Loaded(None)
            latest = every[0]
            results = next((r for r in every if r.folder == wish.judged), latest)
            newer = "" if results is latest else latest.model.name
        ranked = rank_results(results, cancelled, self._known)
        return Loaded(results, ranked, verdicts_of(results), newer)

    def _on_loaded(self, outcome: Outcome[Wish, Loaded]) -> None:
        if not self._loader.is_current(outcome.generation):
            return
        loaded, wish = outcome.response, outcome.request
        if loaded is None:
            what = "The predictions cannot be read"
            self.warned.emit(sentence_of(outcome.error, what))
            return
        if not wish.is_asked and wish.judged != self._judged:
            self._submit(replace(wish, judged=self._judged))  # begun meanwhile
            return
        if loaded.results is None or loaded.results.folder != self._judged:
            self._judged = None
        said = loaded.said
        if self._judged_since:
            if self.gallery.is_of(loaded.results):
                said = None  # what the file says is older than what is shown
            self.keep()
        self.gallery.show(loaded.results, loaded.ranked, said)
        if loaded.newer and loaded.newer != self._newer:
            self.told.emit(
                f"{loaded.newer} has predicted meanwhile: Open › Newest predictions in "
                "the gallery shows it."
            )
        self._newer = loaded.newer

    def _keep(self, results: Results, said: Verdicts) -> None:
        try:
            keep_verdicts(results, said)
        except Exception as error:
            sentence = sentence_of(error, "The verdicts could not be kept")
            self._post(lambda: self.warned.emit(sentence))

    def _on_taken(self, done: Taken, said: Verdicts) -> None:
        if self.gallery.results is not None:
            self.gallery.take(said)
        words = (
            f"{done.accepted} accepted, {done.to_fix} to fix, {done.rejected} rejected"
        )
        left_out = len(done.trouble) - done.known
        if done.known:
            words += f", {done.known} had an answer before"
        if left_out:
            words += f", {left_out} left out: {done.trouble[-1]}"
        (self.warned if left_out else self.told).emit(words.rstrip(".") + ".")
        self.taken.emit()

    def _do(self, work: Callable[[], Callable[[], None]], what: str) -> None:
        def run() -> None:
            try:
                tell = work()
            except Exception as error:
                sentence = sentence_of(error, what)
                self._post(lambda: self.warned.emit(sentence))
            else:
                self._post(tell)

        if not self._closed:
            self._writer.submit(run)


def _may_go_to(results: Results, study: Path) -> bool:
    """Tell whether predictions are of a study, or of none."""
    own = results.folder.parent.parent
    return not (own / STUDY_FILE).exists() or same_folder(own, study)


def find_open(record: FrameRecord, cases: Sequence[Case]) -> int | None:
    """Find the frame of a record among open files; gives its place in the list."""
    for place, case in enumerate(cases):
        path = case.path
        if path is not None and Source(path, case.page).name == record.source:
            return place
    return None
