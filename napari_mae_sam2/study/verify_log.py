"""Is the log of a study as it was written; part of `verify`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.readings import Reading
from napari_mae_sam2.study.seals import HEAD, read_head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study


def verify_log(study: Study, cases: set[str], events: list[Event]) -> Iterator[str]:
    """Check the log of a study.

    Parameters
    ----------
    study : Study
        An opened study.
    cases : set of str
        Ids of its cases.
    events : list of Event
        Filled with what could be read, in order.

    Yields
    ------
    str
        One sentence for each thing that is wrong, with its file.
    """
    names = [name for folder in study.log.folders() for name in study.log.ids(folder)]
    digests: dict[str, str] = {}
    bad: set[str] = set()
    unreadable: set[str] = set()
    linked: set[str] = set()
    for name in names:
        path = study.log.path(name)
        try:
            digests[name] = study.log.digest(name)
            event = study.log.read(name)
        except StudyError as error:
            unreadable.add(name)
            yield str(error)
            continue
        try:
            study.log.read(name, check=True)
        except StudyError as error:
            bad.add(name)
            yield str(error)
        events.append(event)
        if event.id != name:
            bad.add(name)
            yield f"{path} is of the event {event.id}: the file was renamed."
        link = event.previous
        if link is not None and link.id not in digests:
            yield f"{path} follows the event {link.id}, which is missing from the log."
        elif link is not None:
            linked.add(link.id)
            if digests[link.id] != link.sha256 and link.id not in bad:
                bad.add(link.id)
                yield f"{study.log.path(link.id)} was changed after it was written."
        yield from _link_of_event(study, event, path, cases)
    events.sort(key=lambda event: event.order)
    yield from _gaps(study, names)
    yield from _unsealed(study, events, linked | bad)
    yield from _head(study, events, digests, bad | unreadable)


def _gaps(study: Study, names: list[str]) -> Iterator[str]:
    numbers = {int(name.partition("-")[0]) for name in names}
    if numbers:
        for number in sorted(set(range(1, max(numbers) + 1)) - numbers)[:20]:
            yield f"{study.log.folder}: the event number {number} is missing."


def _unsealed(study: Study, events: list[Event], known: set[str]) -> Iterator[str]:
    """Name events without a seal that nothing else vouches for.

    Not those of a log that was never sealed: an earlier version wrote it.
    """
    was_sealed = False
    for event in events:
        was_sealed = was_sealed or event.is_sealed
        if was_sealed and not event.is_sealed and event.id not in known:
            yield (
                f"{study.log.path(event.id)} bears no seal: it was changed after it "
                "was written, or an earlier version wrote it."
            )


def _head(
    study: Study, events: list[Event], digests: dict[str, str], bad: set[str]
) -> Iterator[str]:
    """Check that the event that was noted as the newest one is there."""
    path = study.log.folder / HEAD
    try:
        head = read_head(study.log.folder)
    except StudyError as error:
        yield str(error)
        return
    if head is None:
        if any(event.is_sealed for event in events):
            yield f"{path} is missing: it says which event was the newest."
        return
    event, digest = head
    if event not in digests and not study.log.path(event).exists():
        yield f"{path} names the event {event}, which is missing from the log."
    elif event in digests and digests[event] != digest and event not in bad:
        yield f"{path} or {study.log.path(event)} was changed after it was written."


def _link_of_event(
    study: Study, event: Event, path: Path, cases: set[str]
) -> Iterator[str]:
    added = event.details.get("cases") if event.event == "added" else None
    named = [event.case, *(added if isinstance(added, list) else [])]
    for case in named:
        if case is not None and case not in cases:
            yield f"{path} is about the case {json.dumps(case)}, which is missing."
    if event.event != "saved" or event.case not in cases:
        return
    revision, reading = event.details.get("revision"), event.details.get("reading")
    try:
        view = study if reading is None else Reading(study, str(reading))
        folder = view.revision_folder(str(event.case), str(revision))
    except StudyError as error:
        yield f"{path}: {error}"
        return
    if not folder.exists():
        yield f"{path} speaks of the revision {folder}, which is missing."
