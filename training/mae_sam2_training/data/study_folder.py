"""The newest labels of a study folder, as training takes them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.manifest import Record, read_manifest
from mae_sam2_training.rounds.frozen_test import FrozenTest, read_frozen_test
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.trained_labels import in_review_words, trained_statuses

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


def read_source(path: Path) -> list[Record]:
    """Read a study folder or a manifest, whichever `path` is.

    Raises
    ------
    PlainError
        If it is neither, or nothing in it can be trained on.
    """
    if path.is_dir():
        return read_study(path)
    if not path.exists():
        raise DataError(
            f"There is no {path}: give a study folder or a manifest in CSV."
        )
    return read_manifest(path)


def study_of(path: Path) -> Path | None:
    """Give the study that a source is; None for a manifest."""
    return path if (path / STUDY_FILE).is_file() else None


def read_study(folder: Path) -> list[Record]:
    """Read the newest finished revision of every case.

    An empty label is a valid negative; a case without an answer is left out, and, with
    a sentence in the log, one that waits for a review, whose answers are in conflict or
    whose label is damaged.
    Cases that are reserved as the frozen test have the split "test"; other cases of
    their patients are left out, as in a round.

    Parameters
    ----------
    folder : Path
        A study folder.

    Raises
    ------
    StudyError
        If it is no study, is of a newer schema, or a reserved case of it is damaged.
    DataError
        If no case is labelled.
    """
    study = Study.open(folder)
    reserved = read_frozen_test(folder) or FrozenTest({}, frozenset())
    kept = reserved.groups_now(study)
    records, review = [], list[str]()

    def leave_out(case: str, error: StudyError) -> None:
        if case in reserved.cases:
            raise error
        log.warning("Left out: %s", error)

    for found in study.labelled(
        on_conflict=lambda error: log.warning("Left out: %s", error),
        on_unreadable=leave_out,
        statuses=trained_statuses(folder),
        on_other=lambda case, status: (
            review.append(case) if status == "needs_review" else None
        ),
    ):
        case, revision = found.case, found.revision
        tests = case.id in reserved.cases
        if reserved.keeps(case, kept) and not tests:
            continue
        try:
            study.load_labels(revision)  # checks its hash
        except StudyError as error:
            leave_out(case.id, error)
            continue
        records.append(
            Record(
                image=study.frame_path(case),
                mask=study.revision_folder(case.id, revision.id) / "lesions.tif",
                patient=case.patient or "",
                split="test" if tests else None,
                dataset=folder.name,
                sha256=case.frame_sha256,
            )
        )
    if review:
        log.warning("%s", in_review_words(review))
    if not records:
        raise DataError(
            f"The study {folder} has no labelled case yet: "
            "commit and save a lesion, or an empty label, first."
        )
    return records
