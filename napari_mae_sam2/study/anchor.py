"""One hash for all that a study holds, to be printed, signed or kept elsewhere.

Seals and hashes in the log show an edit. Whoever works out all of them anew leaves no
trace within the study; but the hash of the whole is then another one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.study.covered import COMPLETE, Covered, hash_of, records_in
from napari_mae_sam2.study.files import read_json
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.relabel import REPLACED
from napari_mae_sam2.study.seals import seal_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study

SEALED = "sealed"
"""The event that takes in records of which the log said nothing."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The hash of a study as it was after an event.

    Attributes
    ----------
    sha256 : str
        Over study.json, the log so far, and the records that no event had named.
    events : int
        How many events it holds.
    time : str
        When the last of them was written, ISO 8601; empty where there is none.
    """

    sha256: str
    events: int
    time: str


def anchors(study: Study) -> Iterator[Anchor]:
    """Give the anchor of a study as it is now, then as it was before each event.

    They say something of a study that `verify` finds whole, and of no other.

    Parameters
    ----------
    study : Study
        An opened study.

    Yields
    ------
    Anchor
        The newest first.

    Raises
    ------
    StudyError
        If an event is damaged.
    """
    events = sorted(study.log.events(), key=lambda event: event.order)
    covered = Covered(study.folder)
    for event in events:
        covered.take(event)
    known = covered.said()
    unnamed = {
        path.relative_to(study.folder).as_posix(): hash_of(path.read_bytes())
        for path in records_in(study.folder)
        if path not in known
    }
    first: dict[str, int] = {}
    for number, event in enumerate(events):
        for name in event.files:
            first.setdefault(name, number)
    head, logs = _head(study), _logs(study, events)
    rest = _hash_of_files(head, unnamed)
    for count in range(len(events), -1, -1):
        digest = rest.copy()  # not worked out anew for each of 100,000 events
        digest.update(f"{logs[count]} log\n".encode())
        time = events[count - 1].time if count else ""
        yield Anchor(digest.hexdigest(), count, time)
        before = _before(events[count - 1]) if count else {}
        earlier = {
            name: one for name, one in before.items() if first[name] == count - 1
        }
        if earlier:
            unnamed |= earlier
            rest = _hash_of_files(head, unnamed)


def _before(event: Event) -> dict[str, str]:
    """Give the hashes of records that were there before the event that names them."""
    if event.event == SEALED:
        return event.files
    replaced = event.details.get(REPLACED)
    return dict.fromkeys(event.files, replaced) if isinstance(replaced, str) else {}


def _hash_of_files(head: str, unnamed: Mapping[str, str]) -> hashlib._Hash:
    """Hash study.json and the records that no event has named."""
    digest = hashlib.sha256(f"{head} {STUDY_FILE}\n".encode())
    for name, one in sorted(unnamed.items()):
        digest.update(f"{one} {name}\n".encode())
    return digest


def _head(study: Study) -> str:
    """Hash study.json, but for what sealing adds to it."""
    content = read_json(study.folder / STUDY_FILE)
    content.pop(COMPLETE, None)
    return seal_of(content)


def _logs(study: Study, events: list[Event]) -> list[str]:
    """Hash the log before the first event, after it, after the second, and so on."""
    digest = hashlib.sha256()
    found = [digest.hexdigest()]
    for event in events:
        digest.update(f"{study.log.digest(event.id)} {event.id}\n".encode())
        found.append(digest.hexdigest())
    return found
