"""The frames to classify and what is said of them: from a manifest or a study."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.manifest import Record, read_manifest
from mae_sam2_training.data.study_folder import study_of
from mae_sam2_training.rounds.frozen_test import FrozenTest, read_frozen_test
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.covered import check_case
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.last_words import last_words, refuses
from napari_mae_sam2.study.records import ANSWERED, CaseRecord

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from napari_mae_sam2.study.event_log import Event

log = logging.getLogger(__name__)

GRADABILITY: Final = "gradability"
"""Told of a study's cases by how they were answered: gradable or cannot_grade."""

_FIELDS: Final = ("phase", "eye", "visit")
_NEVER: Final = frozenset(CaseRecord.model_fields) - {*_FIELDS} | {"schema"}


def read_labelled(source: Path, label: str | None) -> list[Record]:
    """Read the frames that have a label; how many have none goes to the log.

    Parameters
    ----------
    source : Path
        A study folder or a manifest.
    label : str, optional
        What is to be learnt. Of a study: phase, eye, visit, `GRADABILITY`, or any other
        field of case.json. Of a manifest: a column, "label" by default.

    Returns
    -------
    list of Record
        Of a study without the cases that are reserved as the frozen test, and without
        other cases of their patients.

    Raises
    ------
    PlainError
        If the source cannot be read, or nothing in it has that label.
    """
    study = study_of(source)
    if study is not None:
        return _read_study(study, label)
    if source.is_dir():
        raise DataError(f"{source} is no study: give a study or a manifest in CSV.")
    return read_manifest(source, label or "label")


def pixels_of(record: Record) -> NDArray[Any]:
    """Read the pixels of a frame, the same that were graded.

    Raises
    ------
    PlainError
        If the file cannot be read or holds other pixels than it did.
    """
    frame = read_frame(record.image, sha256=record.sha256)
    if record.sha256 not in ("", frame.sha256):
        raise DataError(
            f"{record.image} is no longer the frame that was added (its hash "
            "changed): restore it from a backup."
        )
    return frame.pixels


def _read_study(folder: Path, label: str | None) -> list[Record]:
    if not label or label in _NEVER:
        raise DataError(
            "Say what to learn from the study: --label phase, eye, visit, gradability, "
            "or another field of its cases."
        )
    study = Study.open(folder)
    reserved = read_frozen_test(folder) or FrozenTest({}, frozenset())
    kept = reserved.groups_now(study)
    words = last_words(study.log, on_event=study.covered.take)
    records, without, tests = [], 0, 0
    for name in study.case_ids():
        try:
            check_case(study, name)
            case = study.case(name)
            value = _value(study, case, label, words.get(name))
        except StudyError as error:
            log.warning("Left out: %s", error)
            continue
        if value is None:
            without += 1
        elif reserved.keeps(case, kept) or name in reserved.cases:
            tests += 1
        else:
            records.append(
                Record(
                    image=study.frame_path(case),
                    label=value,
                    patient=case.patient or "",
                    dataset=folder.name,
                    sha256=case.frame_sha256,
                )
            )
    if without:
        log.warning("%s without %s left out.", _cases(without), label)
    if tests:
        log.warning("%s of the reserved test set left out.", _cases(tests))
    if not records:
        raise DataError(
            f"No case of the study {folder} that may be learnt from has a {label}: "
            "enter it with “napari-mae-sam2 study relabel”, or choose another --label."
        )
    return records


def _value(
    study: Study, case: CaseRecord, label: str, word: Event | None
) -> str | None:
    """Give what is said of a case; None where nothing is."""
    if label == GRADABILITY:
        if word is not None and refuses(word):
            return "cannot_grade"
        revision = label_of(study, case.id)
        answered = revision is not None and revision.status in ANSWERED
        return "gradable" if answered else None
    if label in _FIELDS:
        said: object = getattr(case, label)
    else:
        said = (case.model_extra or {}).get(label)
    if said is None or isinstance(said, list | dict):
        return None
    return str(said).strip() or None


def _cases(number: int) -> str:
    return f"{number} case" if number == 1 else f"{number} cases"
