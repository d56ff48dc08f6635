"""Tables that say of frames or cases which patient, eye, visit and phase."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.matched_names import match_names, tell_matched
from napari_mae_sam2.fa.name_matching import NameMatcher, without_page
from napari_mae_sam2.fa.reading import count_pages, readable
from napari_mae_sam2.fa.table_file import read_table_file
from napari_mae_sam2.study.case_names import case_matcher
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.relabel import FIELDS, parse_about

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_mae_sam2.study.cases import Cases

FilePage = tuple["Path", int | None]
"""A file, and which of its pictures, from 1; None for all of them."""


@dataclass(frozen=True, slots=True)
class About:
    """What one row says: the name it goes by, its line, and those of `FIELDS`."""

    name: str
    line: int
    about: dict[str, str | None]


@dataclass(slots=True)
class Rows:
    """Rows that found their frames.

    Attributes
    ----------
    by_file : dict
        What is said of a file, or of one page of it.
    by_case : dict
        What is said of a case, by its id.
    trouble : list of str
        Sentences on rows that were not used.
    """

    by_file: dict[FilePage, dict[str, str | None]] = field(default_factory=dict)
    by_case: dict[str, dict[str, str | None]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    def of_file(self, path: Path, page: int) -> dict[str, str | None]:
        """Give what is said of one picture of a file; `page` from 1."""
        return self.by_file.get((path, None), {}) | self.by_file.get((path, page), {})


class AboutTable:
    """A table about frames or cases; the same one serves to add and to correct.

    Parameters
    ----------
    file : str
        Its name, for messages.
    rows : list of About
    unknown : tuple of str
        Headings that mean nothing.
    """

    def __init__(
        self, file: str, rows: list[About], unknown: tuple[str, ...] = ()
    ) -> None:
        self.file = file
        self.rows = rows
        self.unknown = unknown

    @classmethod
    def read(cls, path: Path) -> AboutTable:
        """Read a table.

        Parameters
        ----------
        path : Path
            See `fa.table_file`. A column file or case says which frame or case a row
            is about, and some of `FIELDS` what is known. An empty cell says nothing.

        Raises
        ------
        PlainError
            If it cannot be read, lacks a column, or a row says what cannot be.
        """
        table = read_table_file(path)
        fields = [name for name in FIELDS if name in table.columns]
        if not fields or not {"file", "case"} & set(table.columns):
            raise StudyError(
                f"The table {table.name} needs a column file or case, and one of "
                f"{', '.join(FIELDS)}."
            )
        rows = []
        for row in table.rows:
            name = row.cells.get("case") or row.cells.get("file")
            where = f"The table {table.name}, line {row.line}"
            if not name:
                raise StudyError(f"{where}, names no file and no case.")
            said: dict[str, str | None] = {
                one: row.cells[one] for one in fields if one in row.cells
            }
            try:
                rows.append(About(name, row.line, parse_about(said)))
            except StudyError as error:
                raise StudyError(f"{where}: {error}") from error
        return cls(table.name, rows, table.unknown)

    def notes(self) -> list[str]:
        """Say which columns were passed over: one may be misspelt."""
        if not self.unknown:
            return []
        named = ", ".join(f"“{one}”" for one in self.unknown)
        one = len(self.unknown) == 1
        columns = "Column" if one else "Columns"
        return [
            f"{columns} {named} of {self.file} {'was' if one else 'were'} not used."
        ]

    def for_files(self, files: Iterable[Path]) -> Rows:
        """Find out which file, or page of one, each row is about."""
        matcher: NameMatcher[FilePage] = NameMatcher()
        # Counting pages opens every file, so that is done only where a row names one.
        paged = any(without_page(row.name)[0] != row.name for row in self.rows)
        for file in files:
            same = os.path.realpath(file)
            for name in {os.path.abspath(file), same}:
                matcher.add((file, None), name, page=0, same=same)
                for page in range(1, (_pages(file) if paged else 0) + 1):
                    matcher.add((file, page), name, page=page, by_page=True, same=same)
        rows = Rows()
        found = self._match(matcher, lambda one: _shown(*one), rows.trouble)
        rows.by_file = {one: row.about for one, row in found.items()}
        return rows

    def for_cases(self, study: Cases) -> Rows:
        """Find out which case each row is about."""
        rows = Rows()
        matcher, records = case_matcher(study, lambda e: rows.trouble.append(str(e)))
        found = self._match(
            matcher, lambda case: f"{records[case].name} ({case})", rows.trouble
        )
        rows.by_case = {case: row.about for case, row in found.items()}
        return rows

    def _match(
        self, matcher: NameMatcher[Any], show: Any, trouble: list[str]
    ) -> dict[Any, About]:
        matched = match_names([row.name for row in self.rows], matcher)
        shown = [f"{row.name} (line {row.line})" for row in self.rows]
        trouble += tell_matched(matched, shown, self.file, show)
        return {target: self.rows[place] for target, place in matched.used.items()}


def _pages(file: Path) -> int:
    try:
        return count_pages(file)
    except PlainError:
        return 1  # it will be named when it is read


def _shown(file: Path, page: int | None) -> str:
    name = readable(f"{file.absolute().parent.name}/{file.name}")
    return name if page is None else f"{name} page {page}"
