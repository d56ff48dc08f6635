"""The journals of all cases: where they lie, whose they are, who writes them.

Every window locks the journals of the cases it has in memory. A second window on the
same case writes one of its own beside, so that neither can spoil the other's.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.journal import Journal, JournalFile
from napari_mae_sam2.annotate.journal_places import WINDOWS, JournalPlaces, lock
from napari_mae_sam2.annotate.journal_room import make_room
from napari_mae_sam2.annotate.recovery import recover
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.record_log import RecordLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.known import KnownStudies

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The journal of a case that was found again.

    Attributes
    ----------
    session : CaseSession or None
        As it was left; None where the journal cannot be used.
    file : JournalFile or None
        To be followed on; None where the journal cannot be used.
    trouble : str
        A sentence where something of it was lost.
    """

    session: CaseSession | None
    file: JournalFile | None
    trouble: str = ""


class Journals:
    """Journals in one folder.

    Parameters
    ----------
    folder : Path
        Of this user on this machine; need not exist.
    warn : callable
        Shows a sentence; called in the thread that writes.
    known : KnownStudies
        Which study lies where.
    """

    def __init__(
        self, folder: Path, warn: Callable[[str], None], known: KnownStudies
    ) -> None:
        self._folder = folder
        self._places = JournalPlaces(folder, known)
        self._warn = warn
        self._thread = ThreadPoolExecutor(1, "write journal")
        self._closed = False
        self._failing = False
        self.later(lambda: make_room(folder))

    def find(self, frame: Frame, place: LabelPlace) -> Found | None:
        """Read the newest journal of a case that no other window holds.

        Slow, for a worker's thread. The journal stays locked until what is found is
        followed and closed, or its file released.

        Returns
        -------
        Found or None
            None where there is none.
        """
        self.wait()  # what this window is still writing is to be found, too
        self._places.bring_here(frame, place)
        paths = [path for path in self._places.of(frame, place) if path.exists()]
        trouble = ""
        for path in sorted(paths, key=_age):
            release = lock(path)
            if release is None:
                continue
            log_file = RecordLog(path)
            try:
                session, codec, lost = recover(log_file, frame)
            except PlainError as error:
                trouble = str(error)
            except Exception as error:
                # Bytes that are no journal may raise anything in its decoders.
                log.warning("%s cannot be used", path, exc_info=error)
                _put_aside(path)
                trouble = (
                    f"The journal of {frame.name} is damaged and was put aside; "
                    "what was saved is shown."
                )
            else:
                file = JournalFile(log_file, codec, release)
                return Found(session, file, trouble or lost)
            release()
        return Found(None, None, trouble) if trouble else None

    def follow(
        self, session: CaseSession, place: LabelPlace, file: JournalFile | None
    ) -> Journal:
        """Write down from now on what happens to a session."""
        frame = session.frame
        return Journal(
            session,
            lambda: self._places.facts(place),
            file,
            lambda: self._claim(frame, place),
            self._submit,
        )

    def later(self, work: Callable[[], None]) -> None:
        """Run something in the thread that writes."""
        self._submit(work)

    def wait(self) -> None:
        """Wait until all that happened so far is written."""
        if not self._closed:
            with suppress(RuntimeError):  # closed just now: all of it is written
                self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Write what is left to write, then stop."""
        self._closed = True
        self._thread.shutdown(wait=True)

    # --- inside ----------------------------------------------------------------

    def _submit(self, work: Callable[[], None]) -> None:
        if not self._closed:
            self._thread.submit(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.warning("A journal could not be written.", exc_info=error)
            if not self._failing:
                self._warn(
                    "Your work cannot be kept safe against a crash "
                    f"({self._folder} cannot be written): save often."
                )
            self._failing = True
        else:
            self._failing = False

    def _claim(self, frame: Frame, place: LabelPlace) -> JournalFile:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._places.of(frame, place):
            release = None if path.exists() else lock(path)
            if release is not None:
                return JournalFile(RecordLog(path), None, release)
        raise OSError(f"{WINDOWS} windows write journals of {frame.name} already")


def _age(path: Path) -> float:
    with suppress(OSError):
        return -path.stat().st_mtime
    return 0.0


def _put_aside(path: Path) -> None:
    with suppress(OSError):
        path.replace(path.with_suffix(".damaged"))
