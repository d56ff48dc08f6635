"""Adding many frames to a study: files and folders, with what a table says of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import (
    count_pages,
    list_frames,
    read_earlier,
    read_frame,
)
from napari_mae_sam2.study.relabel import parse_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.records import CaseRecord
    from napari_mae_sam2.study.tables import Rows

TOGETHER = 500
"""Cases that are logged as one event."""


@dataclass(slots=True)
class Added:
    """What adding came to.

    Attributes
    ----------
    added, known : int
        New cases, and frames that were cases already.
    trouble : list of str
        One sentence for each frame that could not be added, or is a case already about
        which something else is said.
    """

    added: int = 0
    known: int = 0
    trouble: list[str] = field(default_factory=list)


def frame_files(paths: Iterable[Path]) -> list[Path]:
    """List the frames that files and folders name, each once.

    Raises
    ------
    FrameError
        If a path is not there, or a folder holds no frame.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FrameError(f"{path} does not exist: give a frame or a folder.")
        files += list_frames(path) if path.is_dir() else [path]
    return list({os.path.abspath(file): file for file in files}.values())


def add_files(
    study: Cases,
    files: Iterable[Path],
    about: Mapping[str, str | None],
    rows: Rows | None = None,
    *,
    reference: bool = False,
    grader: str = "",
) -> Added:
    """Add every picture of every file as a case.

    Parameters
    ----------
    study : Cases
        The study.
    files : iterable of Path
        The files.
    about : mapping
        Patient, eye, visit and phase of all of them.
    rows : Rows, optional
        What a table says of single files and pages, which goes before `about`.
    reference : bool
        Copy no pixels.
    grader : str
        Who adds them, for the log.

    Returns
    -------
    Added
        What cannot be read is named there and left out.

    Raises
    ------
    StudyError
        If a value is not valid: then nothing is added.
    """
    about = parse_about(about)
    done = Added()
    new: list[str] = []

    def note() -> None:
        if new:
            study.note_added(new, grader)
            new.clear()

    try:
        for path in files:
            for page, frame in _frames_of(path, done.trouble):
                try:
                    row = {} if rows is None else rows.of_file(path, page + 1)
                    said: dict[str, Any] = about | row
                    known = study.find_case(frame) or _known_earlier(study, path, page)
                    if known is not None:
                        done.known += 1
                        done.trouble += _contradictions(known, said)
                        continue
                    case = study.add_frame(
                        frame, **said, grader=grader, reference=reference, note=False
                    )
                    done.added += 1
                    new.append(case.id)
                except PlainError as error:
                    done.trouble.append(str(error))
            if len(new) >= TOGETHER:
                note()
    finally:
        note()  # also of what was added before somebody stopped it
    return done


def _known_earlier(study: Cases, path: Path, page: int) -> CaseRecord | None:
    """Find a case that was added before the orientation of its file counted."""
    earlier = read_earlier(path, page)
    return None if earlier is None else study.find_case(earlier)


def _frames_of(path: Path, trouble: list[str]) -> Iterator[tuple[int, Frame]]:
    """Read the pages of a file; one that cannot be read does not stop the others."""
    try:
        pages = count_pages(path)
    except PlainError as error:
        trouble.append(str(error))
        return
    for page in range(pages):
        try:
            frame = read_frame(path, page)
        except PlainError as error:
            trouble.append(str(error))
        else:
            yield page, frame


def _contradictions(case: CaseRecord, said: Mapping[str, Any]) -> list[str]:
    """Say where a frame that is a case already would get other values."""
    other = {
        name: value
        for name, value in said.items()
        if value is not None and value != getattr(case, name)
    }
    if not other:
        return []
    now = ", ".join(f"{name} {getattr(case, name) or '(none)'}" for name in other)
    then = ", ".join(f"{name} {value}" for name, value in other.items())
    return [
        f"{case.name} ({case.id}) is in the study already with {now}, not {then}: "
        "change it with “study relabel”."
    ]
