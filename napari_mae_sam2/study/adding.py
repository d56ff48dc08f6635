"""Adding many frames to a study: files and folders, with what a table says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import count_pages, list_frames, read_frame
from napari_mae_sam2.study.relabel import check_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_mae_sam2.study.cases import Cases

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
        One sentence for each frame that could not be added.
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
    return list(dict.fromkeys(files))


def add_files(
    study: Cases,
    files: Iterable[Path],
    about: Mapping[str, str | None],
    rows: Mapping[str, Mapping[str, str | None]],
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
    rows : mapping
        The same by file name, which goes before `about`; see `tables.read_table`.
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
    for row in (about, *rows.values()):
        check_about(row)
    done = Added()
    new: list[str] = []

    def note() -> None:
        if new:
            study.note("added", grader=grader, details={"cases": list(new)})
            new.clear()

    try:
        for path in files:
            row = rows.get(path.name, {})
            said: dict[str, Any] = {**about, **{k: v for k, v in row.items() if v}}
            try:
                for page in range(count_pages(path)):
                    frame = read_frame(path, page)
                    if study.find_case(frame) is not None:
                        done.known += 1
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
