"""Prompts of many frames from a table: a point or a box in each row.

    file,lesion,row,column,label,top,left,bottom,right
    P1/OD_late.png,1,210,305,1,,,,
    P1/OD_late.png,1,220,340,0,,,,
    P1/OD_late.png,2,,,,40,60,90,130

Rows of one frame and one lesion belong together; a row without a lesion is a lesion of
its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.name_matching import path_parts
from napari_mae_sam2.fa.table_file import read_table_file

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.table_file import Row

HEADINGS: Final = {
    "lesion": ("lesionid", "object"),
    "row": ("y",),
    "column": ("x", "col"),
    "label": ("positive",),
    "top": ("ymin", "firstrow"),
    "left": ("xmin", "firstcolumn"),
    "bottom": ("ymax", "lastrow"),
    "right": ("xmax", "lastcolumn"),
}
"""Columns beside those that name the frame, and what else they may be called."""

_POINT: Final = ("row", "column")
_BOX: Final = ("top", "left", "bottom", "right")


def read_prompts_table(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read prompts in the form of a JSON file of prompts.

    Parameters
    ----------
    path : Path
        See `fa.table_file` for what tables may look like.

    Returns
    -------
    dict
        For each frame one entry for each lesion, with points, labels and boxes.

    Raises
    ------
    PlainError
        If it cannot be read, lacks a column, or a row is no prompt.
    """
    table = read_table_file(path, HEADINGS)
    if table.unknown:
        raise PlainError(
            f"{table.name} has a column “{table.unknown[0]}” that is no part of a "
            "prompt: rename it or take it out."
        )
    columns = set(table.columns)
    if not columns & {"file", "case"} or not (
        columns >= set(_POINT) or columns >= set(_BOX)
    ):
        raise PlainError(
            f"{table.name} holds no prompts: it needs a column file or case, and row "
            "and column, or top, left, bottom and right."
        )
    frames: dict[str, tuple[str, dict[object, dict[str, Any]]]] = {}
    for row in table.rows:
        where = f"{table.name}, line {row.line},"
        name = row.cells.get("case") or row.cells.get("file")
        if not name:
            raise PlainError(f"{where} names no frame.")
        _, lesions = frames.setdefault("/".join(path_parts(name)), (name, {}))
        lesion: object = row.cells.get("lesion", row.line)
        found = lesions.setdefault(lesion, {"points": [], "labels": [], "boxes": []})
        _add(found, row, where)
    for name, lesions in frames.values():
        for number, found in lesions.items():
            if not found["boxes"] and 1 not in found["labels"]:
                at = f"line {number}" if isinstance(number, int) else f"lesion {number}"
                raise PlainError(
                    f"{table.name}: {name}, {at}, says only where there is no leakage: "
                    "give the lesion a point with label 1 or a box, and the same value "
                    "in the column lesion."
                )
    return {name: list(lesions.values()) for name, lesions in frames.values()}


def _add(lesion: dict[str, Any], row: Row, where: str) -> None:
    cells = row.cells
    point = [cells[one] for one in _POINT if one in cells]
    box = [cells[one] for one in _BOX if one in cells]
    if not point and not box:
        raise PlainError(f"{where} holds neither a point nor a box.")
    if len(point) not in (0, 2) or len(box) not in (0, 4):
        raise PlainError(
            f"{where} lacks a coordinate: a point has row and column, a box top, left, "
            "bottom and right."
        )
    if point:
        label = cells.get("label", "1")
        if label not in ("0", "1"):
            raise PlainError(f"{where} has the label “{label}”: write 1 or 0.")
        lesion["points"].append(_numbers(point, where))
        lesion["labels"].append(int(label))
    if box:
        lesion["boxes"].append(_numbers(box, where))


def _numbers(cells: list[str], where: str) -> list[float]:
    try:
        # Where semicolons part the columns, spreadsheets write 1,5.
        return [float(one.replace(",", ".")) for one in cells]
    except ValueError:
        raise PlainError(
            f"{where} has a coordinate that is no number ({', '.join(cells)})."
        ) from None
