"""What the log of a study says last about each case."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.study.event_log import Event, EventLog
    from napari_mae_sam2.study.records import RevisionRecord, Status


def last_words(
    log: EventLog,
    on_damage: Callable[[StudyError], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> dict[str, Event]:
    """Give the event of each case that says last where it stands.

    Of blinded readings nothing is given, which stand apart from their case.

    Parameters
    ----------
    log : EventLog
    on_damage : callable, optional
        Told of every event that cannot be read, which is then passed over.
    on_event : callable, optional
        Given every event, for whoever wants more of the log than this; one that was
        edited then counts as damaged.

    Raises
    ------
    StudyError
        If an event is damaged and there is no `on_damage`.
    """
    said: dict[str, Event] = {}
    for folder in log.folders():
        for name in log.ids(folder):
            try:
                event = log.read(name, check=on_event is not None)
            except StudyError as error:
                if on_damage is None:
                    raise
                on_damage(error)
                continue
            if on_event is not None:
                on_event(event)
            details = event.details
            if event.case and details.get("status") and "reading" not in details:
                said[event.case] = event
    return said


def refuses(word: Event) -> bool:
    """Whether an event says, without a label, that a case cannot be graded."""
    return word.event == "status" and word.details["status"] == "cannot_grade"


def status_of(revision: RevisionRecord, word: Event | None) -> Status:
    """Give the status of a label: its own, or what an event said of the case since."""
    if word is not None and word.event == "status":
        said = word.details.get("status")
        if said in ANSWERED and revision.status in ANSWERED:
            return cast("Status", said)
    return revision.status
