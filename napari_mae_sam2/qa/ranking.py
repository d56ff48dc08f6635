"""The predictions of a folder in the order in which they deserve a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.reading import natural_key
from napari_mae_sam2.qa.order import Attention, Signs, attention
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_mae_sam2.predict.results import FrameRecord, Results


@dataclass(frozen=True, slots=True)
class Ranked:
    """A predicted frame and why it stands where it stands."""

    record: FrameRecord
    attention: Attention


def signs_of(
    record: FrameRecord,
    dice_label: float | None = None,
    dice_other: float | None = None,
) -> Signs:
    """Say what of a record may call for a look; see `Signs`."""
    return Signs(
        flags=record.flags,
        uncertainty=record.uncertainty,
        field_share=record.field_share,
        lesions=record.lesions,
        bright=record.bright,
        dice_label=dice_label,
        dice_other=dice_other,
    )


def rank(records: Sequence[FrameRecord]) -> list[Ranked]:
    """Put records into the order of the page: the weightiest first, then by name."""
    weighed = attention([signs_of(one) for one in records])
    ranked = [Ranked(one, why) for one, why in zip(records, weighed, strict=True)]
    return sorted(
        ranked, key=lambda one: (-one.attention.weight, natural_key(one.record.name))
    )


def rank_results(
    results: Results, cancelled: Callable[[], bool] = lambda: False
) -> list[Ranked]:
    """Read and rank all records of a folder; slow, for a worker's thread.

    Parameters
    ----------
    results : Results
    cancelled : callable
        Answers True once nobody wants it any more; what was read is then ranked.

    Raises
    ------
    StudyError
        If no frame is predicted yet, or a record is damaged.
    """
    records: list[FrameRecord] = []
    for record in results.records():
        if cancelled():
            break
        records.append(record)
    if not records:
        raise StudyError(f"{results.folder} holds no predicted frame yet.")
    return rank(records)
