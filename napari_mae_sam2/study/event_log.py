"""What happened to a study, one small file for each event, only ever added to.

Queue and audit log in one: who added, claimed, saved, assigned, relabelled what. No
two programs write the same file, so there is nothing to lock. Events are put in order
by a number that each writer counts on from the highest it sees, and only then by
time: a clock that jumps cannot turn them round.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from napari_mae_sam2.common.shared_folders import make_folders
from napari_mae_sam2.study.files import (
    StudyError,
    read_json,
    to_json,
    write_error,
    write_file,
)
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.last_words import last_words
from napari_mae_sam2.study.records import (
    RECORD_SCHEMA,
    SOFTWARE,
    StudyRecord,
    dump,
    parse,
)
from napari_mae_sam2.study.seals import SEAL, check_seal, sealed, write_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Event", "EventLog", "Link", "check_there", "last_words"]

LOG_FOLDER = "log"

PER_FOLDER = 1000
"""Numbers that share a folder: listing the newest stays quick on a network drive."""

_NAME = re.compile(r"([0-9]{8,})-[0-9]{8}T[0-9]{9}Z-[a-z0-9-]+-[0-9a-f]{12}")


class Link(StudyRecord):
    """The event that a writer had seen last."""

    id: str
    sha256: str
    """Hash of its file."""


class Event(StudyRecord):
    """One thing that somebody did; never changed afterwards."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    schema_version: int = Field(RECORD_SCHEMA, alias="schema")
    id: str
    """Number, time, grader and random digits; also the name of its file."""
    event: str
    """What was done: "added", "saved", "claim" and so on."""
    time: str
    grader: str = ""
    software: str = SOFTWARE
    case: str | None = None
    previous: Link | None = None
    """Shows a file that was changed or taken away afterwards."""
    details: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    """Records that were written: path in the study, and SHA-256 of the file."""
    is_sealed: bool = Field(False, exclude=True)
    """Whether its file holds its own hash; those of earlier versions do not."""

    @property
    def number(self) -> int:
        """Its place in the order of the study; parallel events share one."""
        return int(self.id.partition("-")[0])

    @property
    def order(self) -> tuple[int, str]:
        """Sort key: the number, then the time, which the name goes on with."""
        return _by_name(self.id)


class EventLog:
    """The events of a study folder.

    Parameters
    ----------
    study : Path
        The study folder.
    """

    def __init__(self, study: Path) -> None:
        self.folder = study / LOG_FOLDER

    def write(
        self,
        event: str,
        *,
        grader: str = "",
        case: str | None = None,
        details: dict[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Event:
        """Add an event; it is on the disk on return.

        Parameters
        ----------
        event : str
            What was done.
        grader : str
            Who did it, by the code they chose.
        case : str, optional
            To which case.
        details : dict, optional
            Whatever else JSON can hold.
        files : mapping, optional
            What was written, see `covered.hashes`.

        Returns
        -------
        Event
            As it was written.

        Raises
        ------
        StudyError
            If it could not be written; then nothing of it is there.
        """
        check_there(self.folder.parent)
        before = self._newest()
        number = 1 if before is None else _number(before) + 1
        time = datetime.now(UTC)
        record = Event(
            id=f"{number:08d}-{time:%Y%m%dT%H%M%S}{time.microsecond // 1000:03d}Z-"
            f"{_plain(grader)}-{uuid.uuid4().hex[:12]}",
            event=event,
            time=time.isoformat(timespec="milliseconds"),
            grader=grader.strip(),
            case=case,
            previous=None if before is None else self._link(before),
            details=details or {},
            files=dict(files or {}),
            is_sealed=True,
        )
        path = self.path(record.id)
        try:
            make_folders(path.parent)
        except OSError as error:
            raise write_error(path, error) from error
        content = to_json(sealed(dump(record)))
        write_file(path, content)
        write_head(self.folder, record.id, hashlib.sha256(content).hexdigest())
        return record

    def path(self, event: str) -> Path:
        """Give the file of an event; `StudyError` where that cannot be an id."""
        if not _NAME.fullmatch(event):
            raise StudyError(f"“{event[:80]}” is not the id of an event.")
        return self.folder / f"{_number(event) // PER_FOLDER:05d}" / f"{event}.json"

    def read(self, event: str, *, check: bool = False) -> Event:
        """Read an event.

        Parameters
        ----------
        event : str
            Its id.
        check : bool
            Refuse one that was edited after it was written.

        Raises
        ------
        StudyError
            If it is missing or damaged.
        """
        path = self.path(event)
        content = read_json(path)
        if check:
            check_seal(content, path)
        found = parse(Event, content, path)
        return found.model_copy(update={"is_sealed": SEAL in content})

    def folders(self) -> list[Path]:
        """List the folders that hold events, oldest numbers first."""
        try:
            found = [path for path in self.folder.iterdir() if path.name.isdecimal()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StudyError(f"{self.folder} cannot be read.") from error
        return sorted(found, key=lambda path: int(path.name))

    def ids(self, folder: Path) -> list[str]:
        """List the events in one of `folders`, in the order of their names."""
        try:
            names = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StudyError(f"{folder} cannot be read.") from error
        stems = [name[:-5] for name in names if name.endswith(".json")]
        return sorted((stem for stem in stems if _NAME.fullmatch(stem)), key=_by_name)

    def events(self) -> Iterator[Event]:
        """Go through all events, by number and then by name.

        Raises
        ------
        StudyError
            If one is damaged.
        """
        for folder in self.folders():
            for name in self.ids(folder):
                yield self.read(name)

    def digest(self, event: str) -> str:
        """Hash the file of an event.

        Raises
        ------
        StudyError
            If it is missing or cannot be read.
        """
        path = self.path(event)
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StudyError(f"{path} cannot be read ({reason}).") from error

    def _newest(self) -> str | None:
        for folder in reversed(self.folders()):
            ids = self.ids(folder)
            if ids:
                return ids[-1]
        return None

    def _link(self, event: str) -> Link | None:
        try:
            return Link(id=event, sha256=self.digest(event))
        except StudyError:
            return None  # gone or unreadable now: no reason to lose the new event


def check_there(study: Path) -> None:
    """Refuse to write where no study is: a drive may be gone, and its folder empty.

    Raises
    ------
    StudyError
        If there is no study.json.
    """
    if not (study / STUDY_FILE).exists():
        raise StudyError(
            f"{study} is no study any more, or its drive is gone: connect it again."
        )


def _number(event: str) -> int:
    return int(event.partition("-")[0])


def _by_name(event: str) -> tuple[int, str]:
    return (_number(event), event)


def _plain(grader: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", grader).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-")[:20].strip("-") or "x"
