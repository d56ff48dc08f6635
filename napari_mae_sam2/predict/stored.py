"""Predictions that lie in a study: where they are, and finding a frame's.

Each model has a folder of results in `STUDY/predictions`, named by the first 12 digits
of the fingerprint of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.predict.results import HEAD, Results, load_record
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.predict.results import FrameRecord

PREDICTIONS: Final = "predictions"
"""Folder of a study that holds predictions, one folder for each model."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a model said of a frame."""

    results: Results
    record: FrameRecord


def results_folder(study: Path, fingerprint: str) -> Path:
    """Give the folder of a model's predictions in a study, there or not."""
    return study / PREDICTIONS / fingerprint[:12]


def results_in(study: Path) -> list[Results]:
    """List the predictions in a study, those of the latest run first.

    A folder that is damaged is passed over: the frames can be predicted again.
    """
    heads = list((study / PREDICTIONS).glob(f"*/{HEAD}"))
    found: list[tuple[float, Results]] = []
    for head in heads:
        try:
            # Its time is that of the last record, or of the last run's beginning.
            changed = (head.parent / "records").stat().st_mtime
            found.append((changed, Results.open(head.parent)))
        except (OSError, StudyError):
            continue
    return [results for _, results in sorted(found, key=lambda one: -one[0])]


def find_stored(study: Path, frame: Frame) -> Stored | None:
    """Find what was predicted of a frame without prompts, by the latest run.

    Returns
    -------
    Stored or None
        None where there is nothing, or only of another frame of that name.
    """
    for results in results_in(study):
        name = results.name_of(frame)
        if name is None:
            continue
        record = load_record(results.record(name))
        if not record.prompts:
            return Stored(results, record)
    return None
