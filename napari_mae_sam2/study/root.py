"""A study folder as such: made, opened, and logged in; what it holds is elsewhere."""

from __future__ import annotations

import logging
import os
import uuid
from typing import TYPE_CHECKING, Self

from napari_mae_sam2.common.shared_folders import make_folders
from napari_mae_sam2.study.covered import COMPLETE, Covered
from napari_mae_sam2.study.event_log import EventLog
from napari_mae_sam2.study.files import (
    StudyError,
    read_json,
    to_json,
    write_error,
    write_file,
)
from napari_mae_sam2.study.kinds import STUDY_FILE, default_kinds
from napari_mae_sam2.study.records import SCHEMA, SOFTWARE, check_schema, now

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

log = logging.getLogger(__name__)


class StudyRoot:
    """A study folder; made by `create`, `open` or `open_or_create`.

    Attributes
    ----------
    folder : Path
        Where it lies.
    log : EventLog
        What happened to it.
    covered : Covered
        What the log says its records are.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder that is known to be a study; use `open` for one that may be."""
        self.folder = folder
        self.log = EventLog(folder)
        self.covered = Covered(folder)

    @classmethod
    def create(cls, folder: Path, identity: str = "") -> Self:
        """Make a study of a new or existing folder; what lies there stays.

        Parameters
        ----------
        folder : Path
            Folders above it are made.
        identity : str
            Its id, 32 hexadecimal digits; a random one by default.

        Returns
        -------
        StudyRoot
            Empty.

        Raises
        ------
        StudyError
            If it is a study already or cannot be written.
        """
        if os.path.exists(folder / STUDY_FILE):
            raise StudyError(f"{folder} is already a study: open it instead.")
        try:
            make_folders(folder / "cases")
        except OSError as error:
            raise write_error(folder, error) from error
        content = {
            "schema": SCHEMA,
            "id": identity or uuid.uuid4().hex,
            "created": now(),
            "software": SOFTWARE,
            "kinds": default_kinds(),
            COMPLETE: True,
        }
        write_file(folder / STUDY_FILE, to_json(content))
        study = cls(folder)
        said = {name: content[name] for name in ("id", "created")}
        study.note("created", details=said)
        return study

    def note(self, event: str, **about: Any) -> None:
        """Log what was done already, as `EventLog.write`; it stands in any case.

        An index that is made anew finds what was not logged: it is no reason to tell
        a grader that a label was not saved which was.
        """
        try:
            self.log.write(event, **about)
        except StudyError as error:
            log.warning("%s was done but not logged: %s", event, error)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a study.

        Parameters
        ----------
        folder : Path
            Holds study.json.

        Returns
        -------
        StudyRoot
            The study; its cases are not read yet.

        Raises
        ------
        StudyError
            If it is no study, damaged, or written by a newer version.
        """
        path = folder / STUDY_FILE
        if not os.path.exists(path):
            raise StudyError(f"{folder} is not a study: it holds no {STUDY_FILE}.")
        check_schema(read_json(path), path)
        return cls(folder)

    @classmethod
    def open_or_create(cls, folder: Path) -> Self:
        """Open the study in a folder, or make one there; see `open` and `create`."""
        if os.path.exists(folder / STUDY_FILE):
            return cls.open(folder)
        return cls.create(folder)
