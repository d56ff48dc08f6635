"""What a study says about the case in hand: patient, eye, visit and phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.fa.frame import Frame

EYES = {"right": "right eye (OD)", "left": "left eye (OS)"}


@dataclass(frozen=True, slots=True)
class CaseAbout:
    """Whose frame it is, as far as the study says so.

    Attributes
    ----------
    patient, eye, visit, phase : str
        Pseudonyms and field terms; empty where the study does not say.
    is_blinded : bool
        True for a blinded reading, of which nothing is told.
    """

    patient: str = ""
    eye: str = ""
    visit: str = ""
    phase: str = ""
    is_blinded: bool = False

    @property
    def line(self) -> str:
        """All of it in one line, for the head of the dock."""
        if self.is_blinded:
            return "Blinded reading"
        words = [
            f"Patient {self.patient}" if self.patient else "",
            EYES.get(self.eye, self.eye),
            f"visit {self.visit}" if self.visit else "",
            f"{self.phase} phase" if self.phase else "",
        ]
        return " · ".join(word for word in words if word)


NOTHING_SAID = CaseAbout()


def about_case(frame: Frame, place: LabelPlace) -> CaseAbout:
    """Look a case up in its study; for a worker's thread.

    A study that cannot be read says nothing here: opening its labels says why.
    """
    if place.reading:
        return CaseAbout(is_blinded=True)
    try:
        if not (place.folder / STUDY_FILE).is_file():
            return NOTHING_SAID
        study = place.open()
        own = place.own_frame(study, frame)
        case = study.case(place.case) if place.case else study.find_case(own)
    except (OSError, StudyError):
        return NOTHING_SAID
    if case is None:
        return NOTHING_SAID
    return CaseAbout(
        case.patient or "", case.eye or "", case.visit or "", case.phase or ""
    )
