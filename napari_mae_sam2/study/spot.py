"""Which study a path leads to: a study folder, a folder inside it, or a file of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import list_frames, readable
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from pathlib import Path

PARTS: Final = ("cases", "log", "rounds", "models", "predictions", "export")
"""Folders that belong to a study; frames that lie beside them are frames."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A study, and perhaps one case of it.

    Attributes
    ----------
    folder : Path
        The study folder.
    case : str
        Id of the case that the path lies in; empty for the study as a whole.
    """

    folder: Path
    case: str = ""


def find_study(path: Path) -> Spot | None:
    """Find the study that a path leads to.

    Parameters
    ----------
    path : Path
        A file or folder; need not exist.

    Returns
    -------
    Spot or None
        None for what is part of no study, such as a folder of frames, or a frame
        that lies beside study.json.
    """
    path = path.absolute()
    if (path / STUDY_FILE).is_file():
        return Spot(path)
    for folder in path.parents:
        if not (folder / STUDY_FILE).is_file():
            continue
        first, *rest = path.relative_to(folder).parts
        if first == "cases":
            return Spot(folder, rest[0] if rest else "")
        # A study within a study: labels of frames that lie in a folder of another.
        is_own = first in PARTS or (not rest and first.startswith("study."))
        return Spot(folder) if is_own else None
    return None


def only_study_at(path: Path) -> Spot | None:
    """Find the study that is meant where a path is opened.

    That is what `find_study` finds, or else the only study in a folder that holds no
    frames of its own.

    Parameters
    ----------
    path : Path
        A file or folder.

    Raises
    ------
    PlainError
        If a folder without frames holds several studies.
    """
    spot = find_study(path)
    if spot is not None or not path.is_dir() or frames_in(path):
        return spot
    try:
        inside = [one for one in path.iterdir() if (one / STUDY_FILE).is_file()]
    except OSError:
        return None  # listing its frames says what is wrong
    if len(inside) > 1:
        names = ", ".join(sorted(readable(one.name) for one in inside))
        raise PlainError(
            f"{readable(path.name)} holds several studies ({names}): open one of them."
        )
    return Spot(inside[0].absolute()) if inside else None


def frames_in(folder: Path) -> list[Path]:
    """List the frames of a folder; none where there are none or it cannot be read."""
    try:
        return list_frames(folder)
    except PlainError:
        return []
