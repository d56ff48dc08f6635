"""Which study lies where, as this computer saw it last.

A study that was there and is gone is no reason to make another in its place: its drive
may be away, or its folder renamed. And work that is not saved yet belongs to a study
by its id, whatever the path to it is called today.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.study.files import StudyError, to_json, write_file
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.migration import study_id

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


class StudyGoneError(StudyError):
    """A study that was there is not there, or another one lies in its place."""


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    made: bool
    """False while nothing was saved there: the study gets this id when it is made."""


class KnownStudies:
    """Remembers the studies of this computer; any thread may ask.

    Parameters
    ----------
    file : Path, optional
        JSON file to remember them in; None remembers for this run alone.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {} if file is None else _read(file)

    def identity(self, folder: Path) -> str:
        """Give the id of the study in a folder, or the one that it will get.

        Raises
        ------
        StudyError
            If there is a study that cannot be read.
        """
        if _is_study(folder):
            return self._note(folder, _Entry(study_id(Study.open(folder)), True)).id
        entry = self._entry(folder)
        return (entry or self._note(folder, _Entry(uuid.uuid4().hex, False))).id

    def is_gone(self, folder: Path) -> bool:
        """Tell whether a study was there and is there no more."""
        return self._was_made(folder) and not _is_study(folder)

    def open(self, folder: Path, expected: str = "") -> Study:
        """Open the study in a folder to save into it; never makes one.

        Parameters
        ----------
        folder : Path
            Where it lay when the case was opened.
        expected : str
            Its id then; empty where there was none.

        Raises
        ------
        StudyGoneError
            If it is not there, or another one is.
        """
        if not _is_study(folder):
            raise StudyGoneError(gone(folder))
        study = Study.open(folder)
        found = study_id(study)
        if expected and found != expected:
            raise StudyGoneError(
                f"{folder} holds another study than before, and nothing was saved to "
                "it: put the first one back, or open the frames again to grade them "
                "in this one."
            )
        self._note(folder, _Entry(found, True))
        return study

    def may_make(self, folder: Path) -> bool:
        """Tell whether a folder can become a study: none is there, and never was."""
        return not _is_study(folder) and not self._was_made(folder)

    def make(self, folder: Path) -> Study:
        """Make a study where a grader said that labels are to go, with the id planned.

        Another window may have made it in the meantime: then it is opened.

        Raises
        ------
        StudyGoneError
            If a study was there and is gone.
        StudyError
            If it cannot be written.
        """
        if self._was_made(folder):
            return self.open(folder)
        planned = self.identity(folder)
        if _is_study(folder):
            return self.open(folder)
        study = Study.create(folder, identity=planned)
        self._note(folder, _Entry(planned, True))
        return study

    def forget(self, folder: Path) -> None:
        """Forget that a study was there: the grader wants a new one in its place."""
        self._note(folder, _Entry(uuid.uuid4().hex, False))

    # --- inside ----------------------------------------------------------------

    def _was_made(self, folder: Path) -> bool:
        entry = self._entry(folder)
        return entry is not None and entry.made

    def _entry(self, folder: Path) -> _Entry | None:
        key = _key(folder)
        with self._lock:
            entry = self._entries.get(key)
            if (entry is None or not entry.made) and self._file is not None:
                # Another window may have been there, and made the study meanwhile.
                entry = _read(self._file).get(key, entry)
                if entry is not None:
                    self._entries[key] = entry
        return entry

    def _note(self, folder: Path, entry: _Entry) -> _Entry:
        key = _key(folder)
        with self._lock:
            if self._entries.get(key) == entry:
                return entry
            self._entries[key] = entry
            if self._file is None:
                return entry
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                # Another window may have written meanwhile: what it knows stays.
                every = {**_read(self._file), key: entry}
                content = {path: asdict(one) for path, one in every.items()}
                write_file(self._file, to_json(content))
            except (OSError, StudyError) as error:
                log.warning("Which study lies where is not kept: %s", error)
        return entry


def gone(folder: Path) -> str:
    """Say that a study is gone, and what to do."""
    return (
        f"The study {folder} is gone: connect its drive, or put the folder back under "
        "this name."
    )


def same_folder(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one folder, there or not.

    Links, "..", a second mount, and letters that a drive does not tell apart are seen
    through where the folder is there.
    """
    if _key(one) == _key(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _is_study(folder: Path) -> bool:
    return os.path.exists(folder / STUDY_FILE)


def _key(folder: Path) -> str:
    return os.path.normcase(os.path.realpath(folder))


def _read(file: Path) -> dict[str, _Entry]:
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        return {
            path: _Entry(str(one["id"]), bool(one["made"]))
            for path, one in content.items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}
