"""Blinded readings: a case read once more, by somebody else or by the same grader.

They lie beside the case's own revisions, `cases/CASE/readings/READING/`, so that
neither the window, nor training, nor an export takes them for its label, and whoever
reads sees nothing of what was found before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.queue_state import ANSWERS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.study.event_log import EventLog
    from napari_mae_sam2.study.records import RevisionRecord

_READING = re.compile(r"[0-9a-f]{8}")


class Reading(Study):
    """A study as one blinded reading of a case sees it: other labels are not there.

    Parameters
    ----------
    study : Study
        The study.
    reading : str
        Id of the reading, eight hexadecimal digits.

    Raises
    ------
    StudyError
        If that cannot be the id of a reading.
    """

    def __init__(self, study: Study, reading: str) -> None:
        super().__init__(study.folder)
        if not _READING.fullmatch(reading):
            raise StudyError(f"“{reading[:80]}” is not the id of a reading.")
        self.reading = reading

    def revisions_folder(self, case: str) -> Path:
        """Give the folder that holds the reading's revisions, there or not."""
        return self.case_folder(case) / "readings" / self.reading

    def _note_revision(self, record: RevisionRecord, files: dict[str, str]) -> None:
        self.note(
            "saved",
            grader=record.grader,
            case=record.case,
            details=record.for_log() | {"reading": self.reading},
            files=files,
        )


def waiting_cases(log: EventLog) -> set[str]:
    """Name the cases that somebody is still to read once more, blinded.

    Raises
    ------
    StudyError
        If an event is damaged.
    """
    waiting: dict[str, str] = {}
    for event in log.events():
        reading = event.details.get("reading")
        if event.event == "reading" and event.case is not None:
            waiting[str(reading)] = event.case
        elif reading is not None and event.details.get("status") in ANSWERS:
            waiting.pop(str(reading), None)
    return set(waiting.values())


def readings_of(study: Study, case: str) -> list[Reading]:
    """List the readings of a case that were begun.

    Raises
    ------
    StudyError
        If the folder cannot be read.
    """
    folder = study.case_folder(case) / "readings"
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StudyError(f"{folder} cannot be read.") from error
    return [Reading(study, name) for name in names if _READING.fullmatch(name)]
