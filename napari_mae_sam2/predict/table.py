"""The table of predictions: one row for each frame, for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.predict.told import told_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.predict.results import FrameRecord

COLUMNS: Final = (
    *("id", "name", "source", "area_px", "field_px", "field_share", "lesions"),
    *("score", "uncertainty", "doubt", "spread", "flags"),
    *("dye", "sharpness", "brightness", "burnt", "bright"),
)
"""Those of every frame; what heads told stands behind them."""


def table_of(records: Sequence[FrameRecord]) -> bytes:
    """Write frames as CSV in UTF-8.

    What heads told has two columns each, such as `phase` and `phase_probability`,
    empty where a frame was not asked.
    """
    names = sorted({name for record in records for name in record.told})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *told_columns(names)])
    for record in records:
        values = record.model_dump() | {"flags": " ".join(record.flags)}
        row = [_cell(values[column]) for column in COLUMNS]
        for name in names:
            told = record.told.get(name)
            row += ["", ""] if told is None else [
                _cell(told.value), _cell(told.probability),
            ]  # fmt: skip
        writer.writerow(row)
    return buffer.getvalue().encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"  # else a spreadsheet would reckon what a file is called
    return f"{value:.6g}" if isinstance(value, float) else value
