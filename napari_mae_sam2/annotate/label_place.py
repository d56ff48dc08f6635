"""Where the labels of a case lie: in a study, or in a blinded reading of one.

A case of the queue may be shown under a code that says nothing; on disk it is itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.known import StudyGoneError
from napari_mae_sam2.study.readings import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.known import KnownStudies


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """The place of one case's labels.

    Attributes
    ----------
    folder : Path
        The study folder.
    case : str
        Id of the case there; empty where it follows from the frame.
    reading : str
        Id of the blinded reading; empty for the case's own labels.
    study_id : str
        Id of the study when the case was opened; empty where there was none.
    frames : Path, optional
        Folder that the frame comes from, where it is a file.
    """

    folder: Path
    case: str = ""
    reading: str = ""
    study_id: str = field(default="", compare=False)
    frames: Path | None = field(default=None, compare=False)

    @property
    def key(self) -> Path:
        """A path that tells it from other places of the same frame."""
        return self.folder / "readings" / self.reading if self.reading else self.folder

    def open(self) -> Study:
        """Open the study there, to read; `StudyError` where there is none."""
        return self._own(Study.open(self.folder))

    def open_to_save(self, known: KnownStudies) -> Study:
        """Open the study that the labels belong to, or make it where none ever was.

        Raises
        ------
        StudyGoneError
            If it was there and is gone, or another one lies in its place.
        StudyError
            If it cannot be read or made.
        """
        is_new = not self.study_id and not self.case and known.may_make(self.folder)
        if is_new:
            self._check_frames()
            return self._own(known.make(self.folder))
        return self._own(known.open(self.folder, self.study_id))

    def _check_frames(self) -> None:
        """Refuse to make a study at an empty mount point, or in a renamed folder."""
        if self.frames is None:
            return
        try:
            is_there = any(self.frames.iterdir())
        except OSError:
            is_there = False
        if not is_there:
            raise StudyGoneError(
                f"The folder of the frames, {self.frames}, is gone: connect its drive, "
                "or put the folder back under this name."
            )

    def _own(self, study: Study) -> Study:
        return Reading(study, self.reading) if self.reading else study

    def own_frame(self, study: Study, frame: Frame) -> Frame:
        """Give a frame under the name that the study knows it by.

        Raises
        ------
        StudyError
            If the record of the case cannot be read.
        """
        return replace(frame, name=study.case(self.case).name) if self.case else frame

    def named(self, frame: Frame) -> Frame:
        """Give a frame under its own name, as `own_frame`; opens the study for it."""
        return self.own_frame(self.open(), frame) if self.case else frame
