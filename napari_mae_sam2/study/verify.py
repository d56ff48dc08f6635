"""Does a study still hold what was saved: every hash, every link, every record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.kinds import STUDY_FILE, read_kinds
from napari_mae_sam2.study.readings import readings_of
from napari_mae_sam2.study.records import CaseRecord, check_schema
from napari_mae_sam2.study.relabel import said_in_log
from napari_mae_sam2.study.verify_log import verify_log
from napari_mae_sam2.study.verify_records import verify_records
from napari_mae_sam2.study.verify_rounds import verify_rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import RevisionRecord


def verify(
    study: Study,
    progress: Callable[[int, int], None] | None = None,
    notes: list[str] | None = None,
) -> Iterator[str]:
    """Check a study; it is only read.

    Parameters
    ----------
    study : Study
        An opened study.
    progress : callable, optional
        Called with the cases done and the number of all.
    notes : list of str, optional
        Filled with what is not wrong, but cannot be checked: records of an earlier
        version that the log says nothing of.

    Yields
    ------
    str
        One sentence for each thing that is wrong, with its file.
    """
    named: list[str] = []
    for sentence in _all(study, progress, named, notes if notes is not None else []):
        named.append(sentence)
        yield sentence


def _all(
    study: Study,
    progress: Callable[[int, int], None] | None,
    named: list[str],
    notes: list[str],
) -> Iterator[str]:
    try:
        cases = study.case_ids()
    except StudyError as error:
        yield str(error)
        return
    events: list[Event] = []
    yield from verify_log(study, set(cases), events)
    yield from _said_by(lambda: _study_file(study, events))
    said = said_in_log(events)
    for done, case in enumerate(cases, start=1):
        yield from _case(study, case, said.get(case, {}))
        if progress is not None:
            progress(done, len(cases))
    yield from verify_rounds(study)
    yield from verify_records(study, events, named, notes)


def _said_by(check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except StudyError as error:
        yield str(error)


def _study_file(study: Study, events: list[Event]) -> None:
    path = study.folder / STUDY_FILE
    content = read_json(path)
    check_schema(content, path)
    for event in events:
        for name, what in (("id", "id"), ("created", "date of creation")):
            said = event.details.get(name) if event.event == "created" else None
            if said is not None and said != content.get(name):
                raise StudyError(
                    f"{path} has another {what} than the study was created with: "
                    "restore it from a backup."
                )
    read_kinds(study.folder)


# --- cases ------------------------------------------------------------------------


def _case(study: Study, case: str, said: dict[str, Any]) -> Iterator[str]:
    try:
        record = study.case(case)
    except StudyError as error:
        yield str(error)
        return
    path = study.case_folder(case) / "case.json"
    if record.id != case:
        yield f"{path} is of the case {record.id}: the folder was renamed or mixed up."
    for name, value in said.items():
        if getattr(record, name, None) != value:
            yield (
                f"{path} says {name} {getattr(record, name, None)}, but {value} was "
                "logged last: relabel the case once more."
            )
    try:
        frame = study.load_frame(case)
    except StudyError as error:
        yield str(error)
    else:
        if frame.shape != record.shape or frame.pixels.dtype.name != record.dtype:
            yield f"{path} names another size or type than its frame has."
    yield from _revisions(study, record)
    try:
        for reading in readings_of(study, case):
            yield from _revisions(reading, record)
    except StudyError as error:
        yield str(error)


def _revisions(study: Study, case: CaseRecord) -> Iterator[str]:
    try:
        known = study.revision_ids(case.id)
    except StudyError as error:
        yield str(error)
        return
    for name in known:
        folder = study.revision_folder(case.id, name)
        try:
            revision = study.revision(case.id, name)
            yield from _revision(folder, revision, case, known)
            if (revision.case, revision.id) != (case.id, name):
                continue  # its label is another one
            labels = study.load_labels(revision)
        except StudyError as error:
            yield str(error)
            continue
        if labels.shape != case.shape:
            yield f"{folder / 'lesions.tif'} is of another size than the frame."
        if lesion_ids(labels) != [lesion.id for lesion in revision.lesions]:
            yield f"{folder / 'revision.json'} names other lesions than lesions.tif."
        yield from _pictures(folder, labels)


def _revision(
    folder: Path, revision: RevisionRecord, case: CaseRecord, known: list[str]
) -> Iterator[str]:
    path = folder / "revision.json"
    if revision.id != folder.name:
        yield f"{path} is of the revision {revision.id}: the folder was renamed."
    if revision.case != case.id:
        yield f"{path} is of the case {revision.case}: it was moved here."
    if revision.frame_sha256 != case.frame_sha256:
        yield f"{path} is of another frame than the case has (their hashes differ)."
    for name in (revision.parent, *revision.merges):
        if name is not None and name not in known:
            yield f"{path} corrects the revision {name}, which is missing."


def _pictures(folder: Path, labels: NDArray[np.uint16]) -> Iterator[str]:
    binary = np.where(labels, 255, 0)
    for name, wanted in (("lesions.png", labels), ("leakage.png", binary)):
        path = folder / name
        try:
            with Image.open(path) as image:
                found = np.asarray(image)
        except Exception:  # decoders of foreign bytes raise almost anything
            what = "damaged or cut short" if path.exists() else "missing"
            yield f"{path} is {what}: restore it from a backup."
            continue
        if not np.array_equal(found, wanted):
            yield f"{path} shows another label than lesions.tif."
