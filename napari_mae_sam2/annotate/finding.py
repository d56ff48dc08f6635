"""Finds what is to be opened: files, frames of folders, and cases of studies.

Slow, for a worker's thread; `arrivals` makes a list of cases of it.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import count_pages, list_frames, read_frame
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.spot import Spot, frames_in, only_study_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_mae_sam2.study.index_query import Item

READ_WHOLE = 24
"""Of more files than these that were chosen one by one, only the heads are read."""

LOOKED_AT = 5
"""Of a folder that is added, so many frames are tried before it is refused."""

PATIENCE = 3.0
"""Seconds that may pass before the list is shown, while frames are looked up in
their study."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What to open.

    Attributes
    ----------
    paths : tuple of Path
        Files, folders of frames, studies.
    first : Path, optional
        The file of them to begin with.
    page : int
        Page of that file.
    adds : bool
        True where the cases that are open stay.
    grader : str
        Who looks: whoever has blinded readings to answer sees no list of names.
    """

    paths: tuple[Path, ...]
    first: Path | None = None
    page: int = 0
    adds: bool = False
    grader: str = ""


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that is to be opened.

    Attributes
    ----------
    folder : Path
        The study folder.
    items : tuple of Item
        Its cases by name; none where they are read blinded.
    first : str
        Id of the case to begin with; empty for the first that waits for an answer.
    is_blinded : bool
        True where the grader takes its cases from the queue alone.
    """

    folder: Path
    items: tuple[Item, ...]
    first: str = ""
    is_blinded: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What was found.

    Attributes
    ----------
    files : tuple of Path
        Frames, each once.
    studies : tuple of FoundStudy
        Studies, each once.
    troubles : tuple of str
        A sentence for everything that cannot be opened.
    hashes : dict of Path to str
        Of the pixels of files that were read on the way.
    """

    files: tuple[Path, ...] = ()
    studies: tuple[FoundStudy, ...] = ()
    troubles: tuple[str, ...] = ()
    hashes: dict[Path, str] = field(default_factory=dict)


def find(
    wish: Listing,
    indexes: Path | None = None,
    study_of: Callable[[Path], Path] | None = None,
) -> Listed:
    """Find what is to be opened; what cannot be opened becomes a sentence.

    Parameters
    ----------
    wish : Listing
        What to open.
    indexes : Path, optional
        Folder of the indexes of studies on this computer.
    study_of : callable, optional
        Gives the study folder of a folder of frames: frames that may be cases of it
        are looked up by their pixels.
    """
    files: dict[Path, Path] = {}  # by what they really are
    studies: dict[Path, FoundStudy] = {}
    troubles: list[str] = []
    hashes: dict[Path, str] = {}
    single = sum(not path.is_dir() for path in wish.paths)
    for path in wish.paths:
        try:
            spot = only_study_at(path)
            if spot is not None:
                _add_study(studies, _look_into(spot, indexes, wish.grader))
                if spot.folder == path.absolute():  # made where its frames lie
                    for one in frames_in(path):
                        files.setdefault(_real(one), one)
            elif path.is_dir():
                found = list_frames(path)
                if wish.adds:
                    _check_some(found, hashes)
                for one in found:
                    files.setdefault(_real(one), one)
            else:
                hashes |= _check(path, whole=single <= READ_WHOLE)
                files.setdefault(_real(path), path)
        except PlainError as error:
            troubles.append(str(error))
    if study_of is not None:
        _look_up(files.values(), hashes, study_of)
    return Listed(
        tuple(files.values()), tuple(studies.values()), tuple(troubles), hashes
    )


def frame_hash(path: Path) -> str:
    """Give the hash of a frame's pixels; empty where it cannot be read."""
    try:
        return read_frame(path).sha256
    except PlainError:
        return ""


def _add_study(studies: dict[Path, FoundStudy], found: FoundStudy) -> None:
    real = _real(found.folder)
    if real not in studies or found.first:
        studies[real] = found


def _look_into(spot: Spot, indexes: Path | None, grader: str) -> FoundStudy:
    study = Study.open(spot.folder)
    index = Index.open(study, indexes)
    try:
        index.refresh()
        if index.has_readings() and (not grader or index.is_to_read(grader)):
            return FoundStudy(spot.folder, (), is_blinded=True)
        items = index.items(
            Filter(first_readings=True), now=time.time(), limit=sys.maxsize
        )
        if spot.case and spot.case not in {item.case for item in items}:
            raise PlainError(f"{spot.folder} holds no case {spot.case}.")
        if not items and index.troubles:
            raise PlainError(index.troubles[0])
    finally:
        index.close()
    return FoundStudy(spot.folder, tuple(items), spot.case)


def _check(path: Path, whole: bool) -> dict[Path, str]:
    """Refuse a file without a frame that can be read; give the hash of its first."""
    pages = count_pages(path)
    refused: PlainError | None = None
    for page in range(pages) if whole else ():
        try:
            sha256 = read_frame(path, page).sha256
        except PlainError as error:
            refused = refused or error
        else:
            return {} if page else {path: sha256}
    if refused is not None:
        raise refused
    return {}


def _check_some(files: list[Path], hashes: dict[Path, str]) -> None:
    """Refuse a folder whose first frames cannot be read, by what is wrong with one."""
    refused: PlainError | None = None
    for path in files[:LOOKED_AT]:
        try:
            hashes |= _check(path, whole=True)
        except PlainError as error:
            refused = refused or error
        else:
            return
    if refused is not None:
        raise refused


def _look_up(
    files: Iterable[Path], hashes: dict[Path, str], study_of: Callable[[Path], Path]
) -> None:
    until = time.monotonic() + PATIENCE
    is_there: dict[Path, bool] = {}
    for path in files:
        if time.monotonic() > until:
            return  # the rest is looked up while the list is shown
        if path.parent not in is_there:
            study = study_of(path.parent)
            is_there[path.parent] = (study / STUDY_FILE).is_file()
        if is_there[path.parent] and path not in hashes:
            hashes[path] = frame_hash(path)


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that leads round in a circle
        return path.absolute()
