"""Frames that a study refers to where they lie, instead of copying them.

The path is kept relative to the study wherever there is such a way, so that a shared
drive may be mounted under another name on each computer.
"""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.odd_names import as_text, from_text
from napari_mae_sam2.fa.reading import count_pages, frame_name, read_frame
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from napari_mae_sam2.fa.frame import Frame


def reference_to(study: Path, frame: Frame) -> str:
    """Say where a frame lies, as case.json has it.

    Parameters
    ----------
    study : Path
        The study folder.
    frame : Frame
        Read from a file that holds no other picture.

    Returns
    -------
    str
        With "/" between folders; relative to the study folder, or absolute where the
        frame lies on another drive.

    Raises
    ------
    StudyError
        If the frame is of no file, or is one page of several.
    """
    path = frame.path
    if path is None or frame.name != frame_name(path) or count_pages(path) > 1:
        raise StudyError(
            f"{frame.name} is no file of its own and cannot be referred to: copy it "
            "into the study instead."
        )
    try:
        return as_text(Path(os.path.relpath(path, study)).as_posix())
    except ValueError:  # another drive of Windows
        return as_text(path.absolute().as_posix())


def resolve(study: Path, reference: str) -> Path:
    """Turn what `reference_to` gave into a path of this computer.

    Raises
    ------
    StudyError
        If it names a drive that this computer's system does not know.
    """
    reference = from_text(reference)
    if PureWindowsPath(reference).drive and os.name != "nt":
        raise StudyError(
            f"The frame {reference} lies on a drive of Windows and cannot be read "
            "here: add the frames again from a folder that every computer has."
        )
    return Path(os.path.normpath(study / reference))


def read_reference(path: Path, name: str, sha256: str = "") -> Frame:
    """Read a frame that a study refers to.

    Parameters
    ----------
    path : Path
        From `resolve`.
    name : str
        The frame's name, for the message.
    sha256 : str
        Hash of the pixels that were added; see `read_frame`.

    Raises
    ------
    StudyError
        If it is gone, cannot be read, or is no frame any more.
    """
    if not path.exists():
        raise StudyError(
            f"The frame {name} is not at {path} any more: connect its drive, or put "
            "the file back."
        )
    try:
        return read_frame(path, sha256=sha256)
    except FrameError as error:
        raise StudyError(f"In {path.parent}: {error}") from error
