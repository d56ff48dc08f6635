"""The figures of single frames and lesions as CSV, one row each, tidy."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.config import CLICKS, TARGETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mae_sam2_training.evaluation.side_by_side import Measured

_MODEL = ("model", "model_name", "fingerprint")
_FRAME = (
    "field_px", "wanted_px", "called_px", "dice", "iou", "hd95", "surface_dice",
    "false_share", "area_error_px", "area_error_share",
    "counted_lesions", "found_lesions", "pieces", "right_pieces",
)  # fmt: skip
_BY_CLICKS = ("dice", "iou", "hd95", "surface_dice")


def write_frames(path: Path, models: Mapping[str, Measured]) -> None:
    """Write one row per model and frame, of the prompt-free answer.

    Parameters
    ----------
    path : Path
    models : mapping of str to Measured
        By letter; each row says name and fingerprint of its model.

    Raises
    ------
    OSError
        If it cannot be written; nothing half-written is left.
    """
    rows = [
        [
            *(letter, model.name, model.fingerprint),
            frame.name,
            *(getattr(frame, part) for part in _FRAME),
            frame.reliability.error,
        ]
        for letter, model in models.items()
        for frame in model.frames
    ]
    write_table(path, [*_MODEL, "image", *_FRAME, "calibration_error"], rows)


def write_lesions(path: Path, models: Mapping[str, Measured]) -> None:
    """Write one row per model and lesion; see `write_frames`."""
    header = [*_MODEL, "image", "lesion", "area_px", "found"]
    header += [f"{part}_{clicks}" for part in _BY_CLICKS for clicks in CLICKS]
    header += [f"clicks_to_{target}" for target in TARGETS]
    header += [f"reached_{target}" for target in TARGETS]
    rows = [
        [letter, model.name, model.fingerprint, frame.name]
        + [one.lesion, one.area_px, int(one.found)]
        + [getattr(one, part)[clicks] for part in _BY_CLICKS for clicks in CLICKS]
        + [int(one.clicks_to[target]) for target in TARGETS]
        + [int(one.reached[target]) for target in TARGETS]
        for letter, model in models.items()
        for frame in model.frames
        for one in frame.lesions
    ]
    write_table(path, header, rows)


def write_table(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Write a CSV atomically; what was not measured stays empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_bytes(path, text.getvalue().encode())


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return value
