"""Tables that people write in spreadsheets: the one format for all that reads them.

Commas, semicolons and tabs part the columns; a byte order mark, capitals and the usual
other names of a heading are understood. UTF-8, or UTF-16 as Excel's "Unicode text".
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.odd_names import RAW
from napari_mae_sam2.fa.reading import readable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "file": ("image", "filename", "imagefile", "framefile", "frame", "path", "name"),
    "case": ("caseid", "id"),
    "mask": ("maskfile", "leakagemask", "segmentation"),
    "instances": ("instancemask",),
    "label": ("class", "diagnosis"),
    "patient": (
        *("patientid", "patientcode", "patientno", "patientnumber", "pseudonym"),
        *("pid", "subject", "subjectid"),
    ),
    "eye": ("laterality", "side"),
    "visit": ("visitid", "visitno", "visitname", "timepoint"),
    "phase": ("faphase", "angiographicphase"),
    "split": ("set", "subset", "partition"),
    "dataset": ("collection",),
    "sha256": ("framesha256",),
}
"""Columns, and what else their headings may be called; without spaces and signs."""

_FILES = ("file", "mask", "instances")

EYES: Final = {
    **dict.fromkeys(("right", "r", "od", "re", "righteye"), "right"),
    **dict.fromkeys(("left", "l", "os", "le", "lefteye"), "left"),
}
"""How an eye may be written, in small letters without spaces and dots."""


class TableError(PlainError):
    """A table that cannot be read; says which one, and where."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, and its cells by column, empty ones left out."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table as it was read.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    columns : tuple of str
        Those of `HEADINGS` that it has.
    unknown : tuple of str
        Headings that mean nothing here, as they are written.
    rows : tuple of Row
        Without empty ones.
    """

    name: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    rows: tuple[Row, ...]


def read_eye(text: str) -> str | None:
    """Give "right" or "left" for OD, OS, R, L and the like; None for anything else."""
    return EYES.get(re.sub(r"[\s._-]", "", text.casefold()))


def column_of(heading: str) -> str:
    """Give the column of `HEADINGS` that a heading means, or its plain form."""
    plain = _plain(heading)
    for column, others in HEADINGS.items():
        if plain in (column, *others):
            return column
    return plain


def read_table_file(
    path: Path, more: Mapping[str, tuple[str, ...]] | None = None
) -> TableFile:
    """Read a table.

    Parameters
    ----------
    path : Path
        Text whose first line holds the headings.
    more : mapping, optional
        Columns beside those of `HEADINGS`, in the same form; they go before them.

    Returns
    -------
    TableFile
        Cells without spaces around them, in Unicode's composed form (NFC).

    Raises
    ------
    TableError
        If it cannot be read, or a row has more cells than there are headings.
    """
    name = readable(path.name)
    text = _read_text(path)
    named = re.match(r"\s*sep=(.)\r?\n", text)  # Excel's own way to say it
    if named:
        text = "\n" + text[named.end() :]  # lines keep their numbers
    known = {**HEADINGS, **(more or {})}
    delimiter = named[1] if named else _find_delimiter(text, known)
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, [_clean(cell) for cell in row]) for row in reader]
    except csv.Error as error:
        raise TableError(
            f"The table {name}, line {reader.line_num}: the quotation marks do not "
            "match; correct them, or save it again as CSV."
        ) from error
    lines = [(line, row) for line, row in lines if any(row)]
    headings = lines[0][1] if lines else []
    places, unknown = _find_columns(headings, known)
    rows = []
    for line, row in lines[1:]:
        if any(row[len(headings) :]):
            raise TableError(
                f"The table {name}, line {line}, has more fields than the header: put "
                "a name that holds the separator between quotation marks."
            )
        cells = {c: row[i] for c, i in places.items() if i < len(row) and row[i]}
        rows.append(Row(line, cells))
        _check_text(path, rows[-1])
    return TableFile(name, tuple(places), unknown, tuple(rows))


def _read_text(path: Path) -> str:
    name = readable(path.name)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise TableError(f"The table {path} does not exist: check the path.") from error
    except IsADirectoryError as error:
        raise TableError(f"{path} is a folder: give the table itself.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TableError(f"The table {path} cannot be read ({reason}).") from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableError(
            f"{name} is a workbook: save it as CSV in UTF-8, and give that file."
        )
    wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:  # bytes that are no UTF-8 may be those of a file's name: see `_check_text`
        return data.decode("utf-16" if wide else "utf-8-sig", RAW)
    except UnicodeDecodeError as error:
        raise _no_text(name) from error


def _check_text(table: Path, row: Row) -> None:
    """Let only cells that name files hold bytes that are no UTF-8."""
    for column, cell in row.cells.items():
        if any("\udc80" <= one <= "\udcff" for one in cell):
            if column not in _FILES or not (table.parent / cell).exists():
                raise _no_text(readable(table.name))


def _no_text(name: str) -> TableError:
    return TableError(
        f"{name} is not text in UTF-8: save it as “CSV UTF-8” and try again."
    )


def _find_delimiter(text: str, known: Mapping[str, tuple[str, ...]]) -> str:
    """Take the separator under which the most headings are understood."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def understood(delimiter: str) -> tuple[int, int]:
        headings = next(csv.reader([first], delimiter=delimiter), [])
        return len(_find_columns(headings, known)[0]), len(headings)

    return max((",", ";", "\t"), key=understood)


def _find_columns(
    headings: list[str], known: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Find the place of each column, and the headings that are none."""
    plain = [_plain(one) for one in headings]
    places: dict[str, int] = {}
    for column, others in known.items():
        # Where two headings would do, the more telling one is meant.
        found = next((one for one in (column, *others) if one in plain), None)
        if found is not None:
            places[column] = plain.index(found)
    used = set(places.values())
    unknown = tuple(
        one for i, one in enumerate(headings) if i not in used and one.strip()
    )
    return dict(sorted(places.items(), key=lambda item: item[1])), unknown


def _plain(heading: str) -> str:
    return re.sub(r"[\s._-]", "", _clean(heading).casefold())


def _clean(cell: str) -> str:
    return normalize("NFC", cell).strip()
