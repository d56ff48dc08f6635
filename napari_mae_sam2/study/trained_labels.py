"""Which labels of a study are trained on: finished ones, and no case under review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.study.records import Status

TRAIN_ON_REVIEW: Final = "train_on_review"
"""Key in study.json: true where cases that wait for a review train all the same."""


def trained_statuses(study: Path) -> tuple[Status, ...]:
    """Give the statuses of labels that training and tests take.

    Raises
    ------
    StudyError
        If study.json is damaged, or its setting is neither true nor false.
    """
    path = study / STUDY_FILE
    said = read_json(path).get(TRAIN_ON_REVIEW, False)
    if not isinstance(said, bool):
        raise StudyError(f"{path}: {TRAIN_ON_REVIEW} must be true or false.")
    return ANSWERED if said else ("done",)


def in_review_words(cases: Sequence[str]) -> str:
    """Say which cases wait for a review and take no part; empty where none does."""
    if not cases:
        return ""
    shown = ", ".join(cases[:3]) + (" and others" if len(cases) > 3 else "")
    waits = "1 case waits" if len(cases) == 1 else f"{len(cases)} cases wait"
    return (
        f"{waits} for review and is left out: {shown}."
        if len(cases) == 1
        else (f"{waits} for review and are left out: {shown}.")
    )
