"""Where the labels of a case lie: in a study, or in a blinded reading of one.

A case of the queue may be shown under a code that says nothing; on disk it is itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.readings import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame


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
    """

    folder: Path
    case: str = ""
    reading: str = ""

    @property
    def key(self) -> Path:
        """A path that tells it from other places of the same frame."""
        return self.folder / "readings" / self.reading if self.reading else self.folder

    def open(self, *, create: bool = False) -> Study:
        """Open the study there, or make it; see `Study.open` and `open_or_create`."""
        study = (Study.open_or_create if create else Study.open)(self.folder)
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
