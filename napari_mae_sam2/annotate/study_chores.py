"""What takes long in a study, one at a time beside the queue: add, check, compare."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.adding import add_files, frame_files
from napari_mae_sam2.study.agreement import agreements, count_planned, summarise
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.tables import AboutTable
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.latest import Outcome
    from napari_mae_sam2.study.agreement import Summary

MOST = 500
"""Findings that are shown: whoever has more needs a backup, not a list."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a chore came to.

    Attributes
    ----------
    words : str
        One sentence.
    lines : tuple of str
        What was found, a sentence each.
    is_good : bool
        False where something is wrong.
    """

    words: str
    lines: tuple[str, ...] = ()
    is_good: bool = True


class StudyChores:
    """Does one chore in a thread of its own, and tells how far it is.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the window.
    """

    progressed = Signal(str, int, int)
    """What is being done, how far, and how far it goes."""
    ended = Signal(object)
    """A `Report`."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._stopped = threading.Event()
        self.is_busy = False
        self._worker = LatestWins["Callable[[], Report]", Report](
            lambda chore, _cancelled: chore(),
            lambda outcome: post(lambda: self._on_end(outcome)),
            "study chores",
        )

    def add(
        self,
        folder: Path,
        by: str,
        paths: Sequence[Path],
        about: Mapping[str, str | None],
        *,
        table: Path | None = None,
        reference: bool = False,
    ) -> None:
        """Add frames and folders of frames; makes the study where there is none.

        Parameters
        ----------
        folder : Path
            Of the study.
        by : str
            Who adds them, for the log.
        paths : sequence of Path
            Files and folders.
        about : mapping
            Patient, eye, visit and phase of all of them.
        table : Path, optional
            CSV that says the same of single files, which goes before `about`.
        reference : bool
            Copy no pixels.
        """

        def chore() -> Report:
            files = frame_files(paths)
            said = None if table is None else AboutTable.read(table)
            rows = None if said is None else said.for_files(files)
            study = Study.open_or_create(folder)
            if reference:
                migrate(study, by)
            each = self._count("Adding", files)
            done = add_files(study, each, about, rows, reference=reference, grader=by)
            new = "1 case" if done.added == 1 else f"{done.added} cases"
            words = f"{new} added, {done.known} known before"
            if self._stopped.is_set():
                words += "; stopped before the end"
            if done.trouble:
                words += f"; {len(done.trouble)} could not be added"
            unused = [] if said is None or rows is None else said.notes() + rows.trouble
            if unused:
                words += f"; not all of {said.file if said else 'the table'} was used"
            trouble = (*unused, *done.trouble)
            return Report(f"{words}.", trouble, not trouble)

        self._start(chore)

    def check(self, folder: Path) -> None:
        """Check every hash, link and record; see `verify`."""

        def chore() -> Report:
            study, found = Study.open(folder), []
            for sentence in verify(study, self._tell("Checking")):
                found.append(sentence)
                if len(found) == MOST:
                    found.append("There is more: run napari-mae-sam2 study verify.")
                    break
            if self._stopped.is_set():
                raise PlainError("The check was stopped.")
            if not found:
                return Report("Everything is as it was saved.")
            things = "1 thing is" if len(found) == 1 else f"{len(found)} things are"
            return Report(f"{things} wrong.", tuple(found), is_good=False)

        self._start(chore)

    def compare(self, folder: Path) -> None:
        """Say how well blinded readings agree with the first ones."""

        def chore() -> Report:
            found, study = [], Study.open(folder)
            for one in agreements(study):
                found.append(one)
                self._tell("Comparing")(len(found), 0)
            planned = count_planned(study)
            if not planned:
                return Report("No blinded reading was asked for yet.")
            words = f"{len(found)} of {planned} blinded readings have a label."
            return Report(words, tuple(map(_sentence, summarise(found))))

        self._start(chore)

    def stop(self) -> None:
        """Stop what is being done; what was added stays."""
        self._stopped.set()

    def close(self) -> None:
        """Stop for good, and wait for it."""
        self._stopped.set()
        self._worker.close()

    # --- inside ----------------------------------------------------------------

    def _start(self, chore: Callable[[], Report]) -> None:
        if not self.is_busy:
            self.is_busy = True
            self._stopped.clear()
            self._worker.submit(chore)

    def _count(self, what: str, files: Sequence[Path]) -> Iterable[Path]:
        def each() -> Iterator[Path]:
            for done, file in enumerate(files):
                if self._stopped.is_set():
                    return
                self._tell(what)(done, len(files))
                yield file

        return each()

    def _tell(self, what: str) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise PlainError(f"{what} was stopped.")
            self._post(lambda: self.progressed.emit(what, done, total))

        return tell

    def _on_end(self, outcome: Outcome[Callable[[], Report], Report]) -> None:
        self.is_busy = False
        report = outcome.response
        if report is None:
            error = outcome.error
            said = str(error) if isinstance(error, PlainError) else f"Failed: {error}."
            report = Report(said, is_good=False)
        self.ended.emit(report)


def _sentence(two: Summary) -> str:
    first, again = two.graders
    who = f"{first} and {again}" if two.kind == "second" else f"{first} twice"
    words = f"{who}, {two.cases} cases: Dice {two.dice:.2f}"
    if two.cases == 1:
        return words.replace("cases", "case")
    words += f", area {two.bias:+.0f} px (95 % {two.low:+.0f} to {two.high:+.0f})"
    return words if two.icc != two.icc else f"{words}, ICC {two.icc:.2f}"
