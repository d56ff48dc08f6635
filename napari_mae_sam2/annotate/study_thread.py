"""A thread of its own in which a study and its index are asked and written.

Everything asked for is done, in order: an answer must not be lost because something
newer was asked.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)


class StudyThread:
    """Does work on one study after the other.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the window.
    place : Path
        Folder of the indexes of this computer.
    """

    warned = Signal(str)

    def __init__(self, post: Callable[[Callable[[], None]], None], place: Path) -> None:
        self.post = post
        self._place = place
        self._thread = ThreadPoolExecutor(1, "study")
        self._closed = False
        self._study: Study | None = None
        self._index: Index | None = None

    @property
    def is_closed(self) -> bool:
        """True once nothing more is asked for."""
        return self._closed

    def do(self, work: Callable[[], Callable[[], None]]) -> None:
        """Do work in the thread, then what it returns in the window's.

        What it raises for people to read is a warning.
        """

        def run() -> None:
            try:
                tell = work()
            except PlainError as error:
                sentence = str(error)
                self.post(lambda: self.warned.emit(sentence))
            except Exception as error:
                log.exception("The study could not be asked")
                said = f"The study could not be asked: {error}."
                self.post(lambda: self.warned.emit(said))
            else:
                self.post(tell)

        if not self._closed:
            self._thread.submit(run)

    def open(self, folder: Path, patient: bool = False) -> tuple[Study, Index] | None:
        """Open the study in a folder and bring its index up to date; in the thread.

        Parameters
        ----------
        folder : Path
            The study folder.
        patient : bool
            True where it must be done although the window closes, which waits for
            no large study otherwise.

        Returns
        -------
        tuple or None
            None where there is no study.
        """
        if not (folder / STUDY_FILE).exists():
            return None
        if self._study is None or self._study.folder != folder or self._index is None:
            self._let_go()
            self._study = Study.open(folder)
            self._index = Index.open(self._study, self._place)
        self._index.refresh(lambda: self._closed and not patient)
        return self._study, self._index

    def wait(self) -> None:
        """Wait until all that was asked for is done."""
        if not self._closed:
            self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Do what was asked for, then stop."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._let_go)
        self._thread.shutdown(wait=True)

    def _let_go(self) -> None:
        if self._index is not None:
            self._index.close()
        self._study = self._index = None
