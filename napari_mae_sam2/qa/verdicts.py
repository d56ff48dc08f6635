"""Verdicts on predictions: their file, and taking them into a study.

An accepted answer becomes a finished label, one to fix a proposal to be corrected; a
rejected one leaves the case to be graded from the start. All are in the study's log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.predict.stored import results_in
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.event_log import last_words
from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file
from napari_mae_sam2.study.images import read_tiff
from napari_mae_sam2.study.queue_state import ANSWERS
from napari_mae_sam2.study.records import ANSWERED, LesionRecord, now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results
    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import Status

Word = Literal["accept", "reject", "fix"]
"""What may be said of an answer."""

WORDS: Final[dict[Word, str]] = dict(
    zip(get_args(Word), ("Accepted", "Rejected", "Fix later"), strict=True)
)
"""How the page and the gallery say it."""

SIGNS: Final[dict[Word, str]] = {"accept": "✓", "reject": "✗", "fix": "✎"}
"""Beside the colour, for those who cannot tell the colours apart."""

VERDICTS: Final = "verdicts.json"
"""What was said in the gallery, or taken in from a page, in the folder of results."""

_KIND: Final = "napari-mae-sam2 verdicts"
_STATUS: Final[dict[str, Status]] = {"accept": "done", "fix": "proposed"}


class Verdict(BaseModel):
    """What was said of one frame."""

    model_config = ConfigDict(frozen=True)

    id: str
    frame_sha256: str
    verdict: Word
    time: str = ""


class Verdicts(BaseModel):
    """A file that the page or the gallery saved."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["napari-mae-sam2 verdicts"] = _KIND
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
    known : int
        Left out because the case has an answer, or this very proposal, already.
    trouble : list of str
        One sentence for each that was left out.
    """

    accepted: int = 0
    to_fix: int = 0
    rejected: int = 0
    known: int = 0
    trouble: list[str] = field(default_factory=list)


def read_verdicts(path: Path) -> Verdicts:
    """Read a file of the page; `StudyError` where it is none."""
    try:
        return Verdicts.model_validate(read_json(path))
    except (ValidationError, StudyError) as error:
        if not path.is_file():
            raise
        raise StudyError(
            f"{path} holds no verdicts: save them with “Save verdicts” in the page."
        ) from error


def verdicts_of(results: Results) -> Verdicts:
    """Read what was said of a folder of results so far; none where that is damaged."""
    path = results.folder / VERDICTS
    fingerprint = results.model.fingerprint
    try:
        said = read_verdicts(path)
    except StudyError:
        return Verdicts(fingerprint=fingerprint, verdicts=[])
    return (
        said
        if said.fingerprint == fingerprint
        else Verdicts(fingerprint=fingerprint, verdicts=[])
    )


def keep_verdicts(results: Results, said: Verdicts) -> None:
    """Keep what was said of a folder of results beside them.

    Raises
    ------
    StudyError
        If it cannot be written.
    """
    content = {"schema": 1, "time": now(), "model": results.model.name}
    path = results.folder / VERDICTS
    write_file(path, to_json(content | said.model_dump(mode="json")))


def is_rejected(results: Results, case: str) -> bool:
    """Tell whether somebody rejected the answer to a frame."""
    said = verdicts_of(results).verdicts
    return any(one.id == case and one.verdict == "reject" for one in said)


def results_about(
    said: Verdicts, study: Path, shown: Sequence[Results] = ()
) -> Results:
    """Find the predictions that verdicts are about.

    Parameters
    ----------
    said : Verdicts
    study : Path
        Its own predictions are looked through.
    shown : sequence of Results
        Looked through before.

    Raises
    ------
    StudyError
        If there are no predictions at all; `take_in` refuses those of other weights.
    """
    known = [*shown, *results_in(study)]
    of_these = (one for one in known if one.model.fingerprint == said.fingerprint)
    found = next(of_these, known[0] if known else None)
    if found is None:
        raise StudyError(
            f"{study} holds no predictions: give the folder that the page was made of "
            "(--predictions FOLDER)."
        )
    return found


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
        raise StudyError(
            "The file does not say who looked: give a grader's code (--grader CODE)."
        )
    if said.fingerprint != results.model.fingerprint:
        raise StudyError(
            f"{results.folder} holds predictions of another model than the verdicts "
            "are about: give the folder that the page was made of."
        )
    done = Taken()
    words = last_words(study.log)
    for one in said.verdicts:
        try:
            case = _case_of(study, one)
            _check_open(case, words.get(case), done)
            _take(study, results, case, one, who, done)
        except PlainError as error:
            done.trouble.append(str(error))
    known = {one.id: one for one in verdicts_of(results).verdicts}
    known |= {one.id: one for one in said.verdicts}
    kept = Verdicts(
        fingerprint=said.fingerprint, reviewer=who, verdicts=list(known.values())
    )
    try:
        keep_verdicts(results, kept)
    except StudyError as error:
        done.trouble.append(str(error))
    return done


def _check_open(case: str, word: Event | None, done: Taken) -> None:
    """Refuse a case that a grader has finished with, with a label or without one."""
    if word is not None and word.details["status"] in ANSWERS:
        done.known += 1
        raise StudyError(f"{case} is answered by {word.grader}: left as it is.")


def _case_of(study: Study, one: Verdict) -> str:
    """Find the case of a verdict by its pixels: it may have another name now."""
    if study.case_folder(one.id).exists():
        if study.case(one.id).frame_sha256 != one.frame_sha256:
            raise StudyError(
                f"{one.id} is another frame in {study.folder}: left as it is."
            )
        return one.id
    found = study.find_pixels(one.frame_sha256)
    if found is None:
        raise StudyError(f"{one.id} is not a case of {study.folder}: add its frame.")
    return found.id


def _take(
    study: Study, results: Results, case: str, one: Verdict, who: str, done: Taken
) -> None:
    latest = label_of(study, case)
    if latest is not None and latest.status in ANSWERED:
        done.known += 1
        raise StudyError(f"{case} is answered by {latest.grader}: left as it is.")
    if latest is not None and latest.status == "in_work":
        done.known += 1
        raise StudyError(f"{latest.grader} has work in {case}: left as it is.")
    if one.verdict in _STATUS:
        labels = read_tiff(results.label(one.id))
        again = latest is not None and latest.status == _STATUS[one.verdict]
        if latest and again and latest.label_sha256 == pixel_sha256(labels):
            done.known += 1
            raise StudyError(f"{case} was taken in before: left as it is.")
        study.save_revision(
            study.load_frame(case),
            labels,
            grader=who,
            parent=None if latest is None else latest.id,
            lesions=[LesionRecord(id=i, source="model") for i in lesion_ids(labels)],
            model=results.model,
            status=_STATUS[one.verdict],
        )
    model = {"fingerprint": results.model.fingerprint}
    if one.verdict == "reject" and latest is None:
        # No more a proposal that waits to be corrected.
        study.note("status", grader=who, case=case, details={"status": "new"} | model)
    details = {"verdict": one.verdict} | model
    study.note("looked_at", grader=who, case=case, details=details)
    done.accepted += one.verdict == "accept"
    done.to_fix += one.verdict == "fix"
    done.rejected += one.verdict == "reject"
