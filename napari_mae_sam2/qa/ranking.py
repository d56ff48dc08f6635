"""The predictions of a folder in the order in which they deserve a look."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.reading import natural_key
from napari_mae_sam2.predict.results import FrameRecord, Results, load_record
from napari_mae_sam2.qa.order import Attention, Signs, attention
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

Known = dict["Path", tuple[int, FrameRecord]]
"""Records that were read before, and when their files were written."""


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
    results: Results,
    cancelled: Callable[[], bool] = lambda: False,
    known: Known | None = None,
) -> list[Ranked]:
    """Read and rank all records of a folder; slow, for a worker's thread.

    Parameters
    ----------
    results : Results
    cancelled : callable
        Answers True once nobody wants it any more; what was read is then ranked.
    known : dict, optional
        Gets what was read; given again, only what is new is read.

    Raises
    ------
    StudyError
        If no frame is predicted yet. A record that is damaged is passed over.
    """
    records: list[FrameRecord] = []
    for path in results.record_files():
        if cancelled():
            break
        record = _read(path, {} if known is None else known)
        if record is not None:
            records.append(record)
    if not records:
        raise StudyError(f"{results.folder} holds no predicted frame yet.")
    return rank(records)


def _read(path: Path, known: Known) -> FrameRecord | None:
    try:
        written = path.stat().st_mtime_ns
        before, record = known.get(path, (0, None))
        if record is None or before != written:
            record = load_record(path)
            known[path] = written, record
    except (OSError, StudyError) as error:  # a run may be predicting it anew just now
        log.warning("A predicted frame is left out: %s", error)
        return None
    return record
