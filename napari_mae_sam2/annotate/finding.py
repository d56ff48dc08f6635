"""Turns files, folders and pages into cases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import list_frames, read_frame, readable

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.annotate.keeping import Keeping
    from napari_mae_sam2.study.places import Places


@dataclass(frozen=True, slots=True)
class Listing:
    """What to open: files and folders, and which file of them first."""

    paths: tuple[Path, ...]
    first: Path | None = None
    page: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """The files of a listing, and sentences about what could not be listed."""

    files: tuple[Path, ...]
    troubles: tuple[str, ...]


def list_files(wish: Listing) -> Listed:
    """List files and the frames of folders; slow where a folder is far away."""
    files: list[Path] = []
    troubles: list[str] = []
    for path in wish.paths:
        try:
            files += list_frames(path) if path.is_dir() else [path]
        except PlainError as error:
            troubles.append(str(error))
    return Listed(tuple(files), tuple(troubles))


class Finder:
    """Makes cases; one that is in memory is found again and not made anew.

    Parameters
    ----------
    places : Places
        Where labels of a folder of frames go.
    keeping : Keeping
        The cases in memory.
    """

    def __init__(self, places: Places, keeping: Keeping) -> None:
        self._places = places
        self._keeping = keeping

    def case_of(self, path: Path, page: int = 0, pages: int = 1) -> Case:
        """Give the case of a page of a file that has so many."""
        known = self._keeping.case_of(path, page)
        if known is not None:
            return known
        stem = readable(path.stem)
        name = stem if pages == 1 else f"{stem}, page {page + 1}"
        load = partial(read_frame, path, page)
        return Case(name, load, self._places.study_of(path.parent), path, page)

    def further_pages(self, case: Case, pages: int) -> list[Case]:
        """Give the cases behind the first page of a file that has so many."""
        if case.path is None or case.page or pages == 1:
            return []
        case.name = f"{readable(case.path.stem)}, page 1"
        return [self.case_of(case.path, page, pages) for page in range(1, pages)]
