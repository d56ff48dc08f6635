"""The lesions of a case as a CSV file, for a spreadsheet or a statistics program."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import write_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_mae_sam2.annotate.lesion_rows import LesionRow

COLUMNS = (
    "frame",
    "lesion",
    "kind",
    "area_px",
    "percent_of_field",
    "mean_grey",
    "comment",
)


def write_lesions(path: Path, frame: str, rows: Iterable[LesionRow]) -> None:
    """Write one row per lesion; a file that was there is replaced as a whole.

    Parameters
    ----------
    path : Path
        UTF-8 with the mark that spreadsheets tell it by.
    frame : str
        Name of the frame, the same in every row.
    rows : iterable of LesionRow
        A part of the field that is not known yet is left empty.

    Raises
    ------
    StudyError
        If the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        percent = "" if row.percent is None else f"{row.percent:.4f}"
        writer.writerow(
            (
                frame,
                row.number,
                row.kind,
                row.area,
                percent,
                f"{row.intensity:.4g}",
                row.comment,
            )
        )
    write_file(path, text.getvalue().encode("utf-8-sig"))
