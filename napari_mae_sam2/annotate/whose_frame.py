"""Whose frame it is: patient and eye, where a study knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.study.records import CaseRecord


@dataclass(frozen=True, slots=True)
class Owner:
    """Patient and eye of a frame; None where nobody has said."""

    patient: str | None = None
    eye: str | None = None

    @property
    def is_known(self) -> bool:
        """True where at least one of them is."""
        return bool(self.patient or self.eye)

    def is_another_than(self, other: Owner) -> bool:
        """Tell whether two frames cannot be of one eye of one patient."""
        both = ((self.patient, other.patient), (self.eye, other.eye))
        return any(
            one.strip().casefold() != two.strip().casefold()
            for one, two in both
            if one and two
        )


UNKNOWN = Owner()


def owner_of(study: Path, case: str, sha256: str) -> Owner:
    """Look up whose frame it is; slow where the study is far away.

    Parameters
    ----------
    study : Path
        Folder of the study, there or not.
    case : str
        Id of the case there; empty where only its pixels are known.
    sha256 : str
        Hash of its pixels; empty where nobody has read them.
    """
    record: CaseRecord | None = None
    try:
        if (study / STUDY_FILE).exists():
            opened = Study.open(study)
            record = opened.case(case) if case else opened.find_pixels(sha256)
    except PlainError:
        return UNKNOWN  # what is damaged is named where the case is opened
    return UNKNOWN if record is None else Owner(record.patient, record.eye)
