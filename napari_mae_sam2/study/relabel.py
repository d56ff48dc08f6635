"""Correcting what a study says about a case: patient, eye, visit, phase, its name.

case.json is written anew, whole; what stood there before stays in the log.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from napari_mae_sam2.fa.table_file import read_eye
from napari_mae_sam2.study.case_names import path_hashes
from napari_mae_sam2.study.covered import hash_of, hashes
from napari_mae_sam2.study.files import StudyError, to_json, write_file
from napari_mae_sam2.study.migration import study_id
from napari_mae_sam2.study.records import CaseRecord, dump
from napari_mae_sam2.study.seals import sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.event_log import Event

FIELDS: Final = ("patient", "eye", "visit", "phase")

REPLACED: Final = "replaced_sha256"
"""In the details of an event: the hash of a case.json that no event had named."""

EYES: Final = ("right", "left")


def parse_about(about: Mapping[str, str | None]) -> dict[str, str | None]:
    """Check what is said about a case, and give it as case.json has it.

    Parameters
    ----------
    about : mapping
        Some of `FIELDS`; an eye may be written OD, OS, R, L and so on.

    Returns
    -------
    dict
        The same, the eye as right or left, text in Unicode's composed form (NFC).

    Raises
    ------
    StudyError
        If a field is not one of `FIELDS`, or an eye neither right nor left.
    """
    parsed: dict[str, str | None] = {}
    for name, value in about.items():
        if name not in FIELDS:
            raise StudyError(f"A case has no {name}: say {', '.join(FIELDS)}.")
        if value is not None:
            value = normalize("NFC", value).strip()
        if name == "eye" and value:
            eye = read_eye(value)
            if eye is None:
                raise StudyError(
                    f"The eye “{value}” is neither right nor left: write right, left, "
                    "OD or OS."
                )
            value = eye
        parsed[name] = value or None
    return parsed


def relabel(
    study: Cases, case: str, about: Mapping[str, str | None], *, grader: str = ""
) -> CaseRecord:
    """Correct what is said about a case.

    Parameters
    ----------
    study : Cases
        The study.
    case : str
        Id of the case.
    about : mapping
        Those of `FIELDS` that change; None for "nothing is said".
    grader : str
        Who corrects it, for the log.

    Returns
    -------
    CaseRecord
        As it stands now.

    Raises
    ------
    StudyError
        If the case cannot be read or written, or a value is not valid; nothing is
        changed then.
    """
    return _change(study, case, parse_about(about), grader)


def rename(study: Cases, frame: Frame, *, grader: str = "") -> CaseRecord:
    """Call a case as its frame is called now; its id and its folder stay.

    Parameters
    ----------
    study : Cases
        The study.
    frame : Frame
        Found by its pixels.
    grader : str
        Who renames it, for the log.

    Raises
    ------
    StudyError
        If the frame is no case, or the case cannot be read or written.
    """
    case = study.find_case(frame)
    if case is None:
        raise StudyError(f"{study.folder} holds no case of {frame.name}.")
    # Tables and masks find the case by its new name and place from now on.
    about = {"name": frame.name, "path_hashes": path_hashes(frame, study_id(study))}
    return _change(study, case.id, about, grader)


def _change(
    study: Cases, case: str, about: Mapping[str, Any], grader: str
) -> CaseRecord:
    before = study.case(case)
    study.covered.check_once(study.case_folder(case) / "case.json")
    changed = {
        name: value for name, value in about.items() if getattr(before, name) != value
    }
    if not changed:
        return before
    after = before.model_copy(update=changed)
    details: dict[str, Any] = {
        "before": {name: getattr(before, name) for name in changed},
        "after": changed,
    }
    # Logged first: a case that says something else than the log is found by verify,
    # and a change that nobody can account for must not be.
    path = study.case_folder(case) / "case.json"
    if study.covered.wanted(path) is None:  # an anchor of before has it
        with suppress(OSError):
            details[REPLACED] = hash_of(path.read_bytes())
    content = to_json(sealed(dump(after)))
    files = hashes(study.folder, {path: content})
    study.log.write(
        "relabelled", grader=grader, case=case, details=details, files=files
    )
    write_file(path, content)
    return after


def said_in_log(events: Iterable[Event]) -> dict[str, dict[str, Any]]:
    """Give what the log says about relabelled cases, by case and field."""
    said: dict[str, dict[str, Any]] = {}
    for event in events:
        after = event.details.get("after")
        if event.event == "relabelled" and event.case and isinstance(after, dict):
            said.setdefault(event.case, {}).update(after)
    return said
