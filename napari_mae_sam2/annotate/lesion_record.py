"""What a revision says of a lesion, and what the grader's side knows of it."""

from __future__ import annotations

from napari_mae_sam2.annotate.draft import Box, Click, Draft
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.study.records import LesionRecord, PromptRecord


def record_of(lesion: Lesion) -> LesionRecord:
    """Say in a revision what is known of a lesion."""
    draft = lesion.draft or Draft()
    record = LesionRecord(
        id=lesion.number,
        kind=lesion.kind,
        prompts=PromptRecord(
            points=[(click.row, click.column) for click in draft.clicks],
            labels=[1 if click.positive else 0 for click in draft.clicks],
            boxes=[(box.top, box.left, box.bottom, box.right) for box in draft.boxes],
        ),
        source=lesion.source,
        score=lesion.score,
        comment=lesion.comment,
    )
    # Later models must not be credited with a lesion of this one.
    return record.model_copy(update={"model": lesion.model}) if lesion.model else record


def lesion_of(record: LesionRecord) -> Lesion:
    """Know of a lesion what a revision says."""
    prompts = record.prompts
    clicks = tuple(
        Click(row, column, bool(label))
        for (row, column), label in zip(prompts.points, prompts.labels, strict=True)
    )
    boxes = tuple(Box(*box) for box in prompts.boxes)
    return Lesion(
        number=record.id,
        draft=Draft(clicks=clicks, boxes=boxes) if clicks or boxes else None,
        kind=record.kind,
        model=str((record.model_extra or {}).get("model", "")),
        score=record.score,
        source=record.source,
        comment=record.comment,
    )
