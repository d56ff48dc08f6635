"""Tables in CSV that say of frames or cases which patient, eye, visit and phase."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.relabel import FIELDS

if TYPE_CHECKING:
    from pathlib import Path


def read_table(path: Path, key: str) -> dict[str, dict[str, str | None]]:
    """Read a table.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a heading, as spreadsheets write it.
    key : str
        Name of the column that says which frame ("file") or case ("case") it is.

    Returns
    -------
    dict
        What is said, by that column; an empty cell is None, and columns that are
        none of patient, eye, visit and phase are passed over.

    Raises
    ------
    StudyError
        If it cannot be read, lacks a column, or names something twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyError(
            f"The table {path} cannot be read: save it as CSV in UTF-8."
        ) from error
    said: dict[str, dict[str, str | None]] = {}
    for number, row in enumerate(rows, start=2):
        name = (row.get(key) or "").strip()
        about = {field: row.get(field) or None for field in FIELDS if field in row}
        if not name or not about:
            raise StudyError(
                f"The table {path}, line {number}: it needs a column {key} and one of "
                f"{', '.join(FIELDS)}."
            )
        if name in said:
            raise StudyError(f"The table {path}, line {number}: {name} comes twice.")
        said[name] = {k: v.strip() if v else None for k, v in about.items()}
    return said
