"""Which cases a window had open, so that the next start can go on after a crash.

Each window keeps a note of its own, locked while the window lives, and takes it away
when it closes as it should. A note that nobody holds was left by a crash.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a grader was: the files and folders that were opened, and the case."""

    paths: tuple[Path, ...]
    path: Path
    page: int


class Whereabouts:
    """The note of one window.

    Parameters
    ----------
    folder : Path
        Of this user on this machine; need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / f"{uuid.uuid4().hex}.json"
        self._lock: FileLock | None = None

    def note(self, paths: Sequence[Path], path: Path, page: int) -> None:
        """Write down where the grader is now.

        What windows noted that crashed before is void from then on.
        """
        content = {
            "paths": [str(one.absolute()) for one in paths],
            "path": str(path.absolute()),
            "page": page,
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self.left_behind()
                self._lock = FileLock(
                    self._note.with_suffix(".lock"), thread_local=False
                )
                self._lock.acquire(timeout=0)
            write_file(self._note, to_json(content))
        except (OSError, StudyError, Timeout) as error:
            log.warning("Where you are is not kept: %s", error)

    def left_behind(self) -> Place | None:
        """Take what a window noted that ended without closing, the newest of several.

        Every such note is taken away.
        """
        found: list[tuple[float, Place]] = []
        for note in self._folder.glob("*.json") if self._folder.is_dir() else ():
            lock = FileLock(note.with_suffix(".lock"))
            try:
                lock.acquire(timeout=0)
            except (Timeout, OSError):
                continue  # a window that lives
            with suppress(OSError, StudyError, KeyError, TypeError):
                content = read_json(note)
                paths = tuple(Path(str(one)) for one in content["paths"])
                place = Place(paths, Path(content["path"]), int(content["page"]))
                found.append((note.stat().st_mtime, place))
            with suppress(OSError):
                note.unlink()
            lock.release()
            with suppress(OSError):
                note.with_suffix(".lock").unlink()
        return max(found, key=lambda one: one[0])[1] if found else None

    def close(self) -> None:
        """Take the note away: the window closed as it should."""
        with suppress(OSError):
            self._note.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()
            with suppress(OSError):
                self._note.with_suffix(".lock").unlink(missing_ok=True)
