"""Verdicts of the page taken into a study, as revisions and events.

An accepted answer becomes a finished label, one to fix a proposal to be corrected; a
rejected one leaves the case to be graded from the start. All are in the study's log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.images import read_tiff
from napari_mae_sam2.study.records import ANSWERED, LesionRecord

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import Status

_STATUS: Final[dict[str, Status]] = {"accept": "done", "fix": "proposed"}


class Verdict(BaseModel):
    """What was said of one frame."""

    model_config = ConfigDict(frozen=True)

    id: str
    frame_sha256: str
    verdict: Literal["accept", "reject", "fix"]


class Verdicts(BaseModel):
    """A file that the page saved."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["napari-mae-sam2 verdicts"]
    fingerprint: str
    """Of the weights whose answers were looked at."""
    reviewer: str = ""
    verdicts: list[Verdict]


@dataclass(slots=True)
class Taken:
    """What became of the verdicts.

    Attributes
    ----------
    accepted, to_fix, rejected : int
    trouble : list of str
        One sentence for each that was left out.
    """

    accepted: int = 0
    to_fix: int = 0
    rejected: int = 0
    trouble: list[str] = field(default_factory=list)


def read_verdicts(path: Path) -> Verdicts:
    """Read a file of the page; `StudyError` where it is none."""
    try:
        return Verdicts.model_validate(read_json(path))
    except ValidationError as error:
        raise StudyError(
            f"{path} holds no verdicts: save them with “Save verdicts” in the page."
        ) from error


def take_in(study: Study, results: Results, said: Verdicts, grader: str) -> Taken:
    """Take verdicts into a study.

    Parameters
    ----------
    study : Study
        Its cases are found by name and hash; frames that are none are left out.
    results : Results
        The predictions that were looked at.
    said : Verdicts
    grader : str
        The code of who looked; by default the one in the file.

    Raises
    ------
    PlainError
        If nobody is named or the predictions are of another model.
    """
    who = (grader or said.reviewer).strip()
    if not who:
        raise StudyError("Say whose verdicts these are with --grader CODE.")
    if said.fingerprint != results.model.fingerprint:
        raise StudyError(
            f"{results.folder} holds predictions of another model than the verdicts "
            "are about: give the folder that the page was made of."
        )
    done = Taken()
    for one in said.verdicts:
        try:
            _take(study, results, one, who, done)
        except PlainError as error:
            done.trouble.append(str(error))
    return done


def _take(study: Study, results: Results, one: Verdict, who: str, done: Taken) -> None:
    if not study.case_folder(one.id).exists():
        raise StudyError(f"{one.id} is not a case of {study.folder}: add its frame.")
    if study.case(one.id).frame_sha256 != one.frame_sha256:
        raise StudyError(f"{one.id} is another frame in {study.folder}: left as it is.")
    latest = study.latest_revision(one.id)
    if latest is not None and latest.status in ANSWERED:
        raise StudyError(f"{one.id} is answered by {latest.grader}: left as it is.")
    if one.verdict in _STATUS:
        labels = read_tiff(results.label(one.id))
        again = latest is not None and latest.status == _STATUS[one.verdict]
        if latest and again and latest.label_sha256 == pixel_sha256(labels):
            raise StudyError(f"{one.id} was taken in before: left as it is.")
        study.save_revision(
            study.load_frame(one.id),
            labels,
            grader=who,
            parent=None if latest is None else latest.id,
            lesions=[LesionRecord(id=i, source="model") for i in lesion_ids(labels)],
            model=results.model,
            status=_STATUS[one.verdict],
        )
    details = {"verdict": one.verdict, "fingerprint": results.model.fingerprint}
    study.note("looked_at", grader=who, case=one.id, details=details)
    done.accepted += one.verdict == "accept"
    done.to_fix += one.verdict == "fix"
    done.rejected += one.verdict == "reject"
