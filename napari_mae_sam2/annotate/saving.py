"""From a session to a revision of a study and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.draft import Box, Click, Draft
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import LesionRecord, ModelRecord, PromptRecord

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.records import RevisionRecord

UNNAMED = "unnamed"
"""Grader of a revision whose grader gave no code."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A case as it stands at one moment, to be written while the grader goes on."""

    frame: Frame
    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    edits: int
    parent: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """Labels found in a study for a frame."""

    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    revision: str


def save(
    snapshot: Snapshot, folder: Path, grader: str, model: ModelRecord | None
) -> RevisionRecord:
    """Write a snapshot as a new revision.

    Parameters
    ----------
    snapshot : Snapshot
        What is saved.
    folder : Path
        Study folder; made where it is not there.
    grader : str
        The grader's code; may be empty.
    model : ModelRecord, optional
        The model in use.

    Returns
    -------
    RevisionRecord
        As it was written.

    Raises
    ------
    StudyError
        If it could not be written: then nothing of it is there.
    """
    return Study.open_or_create(folder).save_revision(
        snapshot.frame,
        snapshot.labels,
        grader=grader or UNNAMED,
        parent=snapshot.parent,
        lesions=[_record(lesion) for lesion in snapshot.lesions],
        model=model,
    )


def find(frame: Frame, folder: Path) -> Saved | None:
    """Read the newest labels of a frame, None where it has none yet.

    Raises
    ------
    StudyError
        If the study is damaged or of a newer version.
    """
    if not (folder / "study.json").exists():
        return None
    study = Study.open(folder)
    case = study.find_case(frame)
    revision = None if case is None else study.latest_revision(case.id)
    if revision is None:
        return None
    return Saved(
        study.load_labels(revision),
        tuple(_lesion(record) for record in revision.lesions),
        revision.id,
    )


def _record(lesion: Lesion) -> LesionRecord:
    draft = lesion.draft or Draft()
    return LesionRecord(
        id=lesion.number,
        kind=lesion.kind or "unspecified",
        prompts=PromptRecord(
            points=[(click.row, click.column) for click in draft.clicks],
            labels=[1 if click.positive else 0 for click in draft.clicks],
            boxes=[(box.top, box.left, box.bottom, box.right) for box in draft.boxes],
        ),
        source="model" if lesion.draft is not None else "paint",
    )


def _lesion(record: LesionRecord) -> Lesion:
    prompts = record.prompts
    clicks = tuple(
        Click(row, column, bool(label))
        for (row, column), label in zip(prompts.points, prompts.labels, strict=True)
    )
    boxes = tuple(Box(*box) for box in prompts.boxes)
    return Lesion(
        number=record.id,
        draft=Draft(clicks=clicks, boxes=boxes) if record.source == "model" else None,
        kind="" if record.kind == "unspecified" else record.kind,
    )
