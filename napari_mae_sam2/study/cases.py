"""The cases of a study folder: which there are, and the frames they are made of.

A case's folder follows from its frame, so two programs may add cases to one folder at
once, on any drive. A frame whose name changed is found by its hash, which is at the end
of the folder's name: folders are listed for that, and none is read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.reading import natural_key
from napari_mae_sam2.study.case_folders import CasesByHash, case_names
from napari_mae_sam2.study.case_names import path_hashes
from napari_mae_sam2.study.covered import hashes
from napari_mae_sam2.study.event_log import check_there
from napari_mae_sam2.study.files import (
    StudyError,
    new_folder,
    to_json,
)
from napari_mae_sam2.study.frames import read_reference, reference_to, resolve
from napari_mae_sam2.study.images import read_tiff, tiff_bytes
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.migration import study_id
from napari_mae_sam2.study.records import (
    RECORD_SCHEMA,
    SCHEMA,
    CaseRecord,
    dump,
    load,
)
from napari_mae_sam2.study.root import StudyRoot
from napari_mae_sam2.study.seals import sealed

if TYPE_CHECKING:
    from pathlib import Path


_CASE_NAME = re.compile(r"[A-Za-z0-9-]{1,80}")


def case_id(frame: Frame) -> str:
    """Give the id of the case that a frame makes, the same in every study.

    It is the frame's name in plain ASCII, at most 40 characters, and 12 digits of its
    hash. A file name is all that is known here, so whoever names files after patients
    gets folders named after patients: rename the files to pseudonyms first. The path
    that the frame came from is never stored.

    Parameters
    ----------
    frame : Frame
        The frame.

    Returns
    -------
    str
        Valid as a file name on every system.
    """
    plain = unicodedata.normalize("NFKD", frame.name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{stem or 'frame'}-{frame.sha256[:12]}"


class Cases(StudyRoot):
    """A study folder with its cases; made as `StudyRoot` is."""

    _listed: CasesByHash | None = None

    def case_folder(self, case: str) -> Path:
        """Give the folder of a case, whether it is there or not.

        Parameters
        ----------
        case : str
            Its id.

        Raises
        ------
        StudyError
            If this cannot be an id: one from a foreign file must not lead elsewhere.
        """
        if not _CASE_NAME.fullmatch(case):
            raise StudyError(f"“{case[:80]}” is not the id of a case.")
        return self.folder / "cases" / case

    def case_ids(self) -> list[str]:
        """List the ids of all cases in natural order, without reading them.

        Whatever else lies beside them is passed over; see `case_folders`.
        """
        try:
            found = case_names(self.folder)
        except OSError as error:
            # A study without a case yet is one; a drive that is gone is none.
            if (
                isinstance(error, FileNotFoundError)
                and (self.folder / STUDY_FILE).is_file()
            ):
                return []
            raise StudyError(f"{self.folder}: the cases cannot be read.") from error
        return sorted(found, key=natural_key)

    def case(self, case: str) -> CaseRecord:
        """Read the record of a case; `StudyError` where it is missing or damaged."""
        return load(CaseRecord, self.case_folder(case) / "case.json")

    def find_case(self, frame: Frame) -> CaseRecord | None:
        """Give the case that a frame belongs to, or None where it was never added.

        It is the case with the same pixels, whatever its name. Where an earlier
        version made several of a frame that was renamed, it is the one of this name,
        else the one that was added first.
        """
        own = case_id(frame)
        if self.case_folder(own).exists():
            return self.case(own)
        return self.find_pixels(frame.sha256)

    def find_pixels(self, sha256: str) -> CaseRecord | None:
        """Give the first case that was added of these pixels; None where there is none.

        Parameters
        ----------
        sha256 : str
            Hash of a frame's pixels; empty finds nothing.
        """
        names = self._by_hash().of(sha256) if sha256 else ()
        found = [self.case(one) for one in names]
        same = [one for one in found if one.frame_sha256 == sha256]
        return min(same, key=lambda one: (one.added, one.id), default=None)

    def id_of(self, frame: Frame) -> str:
        """Give the id of the case of a frame, or the one that it would get."""
        found = self.find_case(frame)
        return case_id(frame) if found is None else found.id

    def _by_hash(self) -> CasesByHash:
        if self._listed is None:
            self._listed = CasesByHash(self.folder)
        return self._listed

    def add_frame(
        self,
        frame: Frame,
        *,
        patient: str | None = None,
        eye: Literal["right", "left"] | None = None,
        visit: str | None = None,
        phase: str | None = None,
        grader: str = "",
        reference: bool = False,
        note: bool = True,
    ) -> CaseRecord:
        """Add a frame as a case, with a lossless copy of its pixels and nothing else.

        Parameters
        ----------
        frame : Frame
            A frame that is there already is left as it is.
        patient, eye, visit, phase : str, optional
            About a new case; a pseudonym for the patient, never an identifier.
        grader : str
            Who adds it, for the log.
        reference : bool
            Copy no pixels, remember the frame's file and hash; needs schema 2.
        note : bool
            Log it; False where the caller logs many at once.

        Returns
        -------
        CaseRecord
            The new or the earlier record.

        Raises
        ------
        StudyError
            If it cannot be written, or if the case of that id has other pixels.
        """
        found = self.find_case(frame)
        case = case_id(frame) if found is None else found.id
        folder = self.case_folder(case)
        if found is None:
            check_there(self.folder)
            record = CaseRecord(
                id=case,
                name=frame.name,
                frame_sha256=frame.sha256,
                shape=frame.shape,
                channels=3 if frame.pixels.ndim == 3 else 1,
                dtype=frame.pixels.dtype.name,
                patient=patient,
                eye=eye,
                visit=visit,
                phase=phase,
                schema_version=SCHEMA if reference else RECORD_SCHEMA,
                frame_file=reference_to(self.folder, frame) if reference else None,
                path_hashes=path_hashes(frame, study_id(self)),
            )
            try:
                with new_folder(folder) as files:
                    if not reference:
                        files["frame.tif"] = tiff_bytes(frame.pixels)
                    files["case.json"] = to_json(sealed(dump(record)))
                self._by_hash().add(case)
                if note:
                    self.note_added([case], grader)
            except FileExistsError:
                pass  # another program that adds the same frame now is welcome
            found = self.case(case)
        if found.frame_sha256 != frame.sha256:
            raise StudyError(
                f"The case {case} holds another frame than {frame.name}: the frame "
                "was changed after it was added; add it under a new name."
            )
        return found

    def note_added(self, cases: list[str], grader: str) -> None:
        """Log that cases were added, and what their records are."""
        paths = [self.case_folder(case) / "case.json" for case in cases]
        files = hashes(self.folder, {path: path.read_bytes() for path in paths})
        self.note("added", grader=grader, details={"cases": list(cases)}, files=files)

    def frame_path(self, record: CaseRecord) -> Path:
        """Give the file that holds the pixels of a case."""
        if record.frame_file is not None:
            return resolve(self.folder, record.frame_file)
        return self.case_folder(record.id) / "frame.tif"

    def load_frame(self, case: str) -> Frame:
        """Read the pixels of a case.

        Parameters
        ----------
        case : str
            Its id.

        Returns
        -------
        Frame
            With the copy in the study, or the file that it refers to, as its path.

        Raises
        ------
        StudyError
            If it is missing, damaged, or no longer the frame that was added.
        """
        record = self.case(case)
        path = self.frame_path(record)
        if record.frame_file is not None:
            frame = read_reference(path, record.name, record.frame_sha256)
        else:
            pixels = read_tiff(path)
            frame = Frame(pixels, record.name, path, pixel_sha256(pixels))
        if frame.sha256 != record.frame_sha256:
            raise StudyError(
                f"{path} is no longer the frame that was graded (its hash changed): "
                "restore it from a backup."
            )
        return frame
