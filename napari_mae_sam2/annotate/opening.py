"""Reads a case from disk: its frame, how many pages its file has, what was done to it.

What the grader did last is in the journal; what was saved is in the study, and so is
what a model found beforehand in a case that nobody has touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.answers import status_in_window
from napari_mae_sam2.annotate.case_about import about_case
from napari_mae_sam2.annotate.recovery import agrees
from napari_mae_sam2.annotate.saving import Saved, find
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.annotate.stored_review import stored_review
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import count_pages, read_earlier
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.kinds import STUDY_FILE, read_kinds
from napari_mae_sam2.study.known import gone

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.frames import Frames
    from napari_mae_sam2.annotate.journal import JournalFile
    from napari_mae_sam2.annotate.journals import Journals
    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.known import KnownStudies


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A case that was read.

    Attributes
    ----------
    session : CaseSession
        Ready to be graded; nobody listens to it yet.
    status : Status
        Where it stands, with what is not saved yet.
    study_id : str
        Id of the study that its labels belong to; empty where there is none yet.
    pages : int
        How many pages its file has.
    journal : JournalFile or None
        To be written on.
    trouble : str
        A sentence where something is not as it should be: of the study, the journal
        or the kinds.
    known_as : str
        The name that the study knows the frame by, where that is another one.
    """

    session: CaseSession
    status: Status
    study_id: str
    pages: int
    journal: JournalFile | None = None
    trouble: str = ""
    known_as: str = ""

    def drop(self) -> None:
        """Let go of a case that is not wanted any more."""
        if self.journal is not None:
            self.journal.release()


class UnreadablePage(PlainError):
    """A frame that cannot be read; further pages of its file may be readable.

    Attributes
    ----------
    pages : int
        How many pages its file has.
    """

    def __init__(self, sentence: str, pages: int) -> None:
        super().__init__(sentence)
        self.pages = pages


def open_case(
    case: Case, frames: Frames, journals: Journals, known: KnownStudies
) -> Opened:
    """Read a case; slow, for a worker's thread.

    Parameters
    ----------
    case : Case
    frames : Frames
        May have its frame in memory already.
    journals : Journals
        What the grader did last, to go on with.
    known : KnownStudies
        Which study lies where.

    Raises
    ------
    UnreadablePage
        If the frame cannot be read.
    PlainError
        If its labels cannot be read.
    """
    pages = count_pages(case.path) if case.path is not None and not case.page else 1
    try:
        frame = frames.read(case)
    except PlainError as error:
        raise UnreadablePage(str(error), pages) from error
    if case.is_practice:
        return Opened(CaseSession(frame), Status.NEW, "", pages)
    # The study of now, also where the case was open before: nothing of it is left.
    place = replace(case.place, study_id="")
    saved = find(frame, place)
    if saved is None:
        frame, saved = _as_graded_earlier(case, place, frame)
    found = journals.find(frame, place)
    journal = None if found is None else found.file
    is_gone = known.is_gone(case.study)
    if (
        found is not None
        and found.session is not None
        and (is_gone or agrees(found.session, saved))
    ):
        session = found.session
    else:
        session = (
            CaseSession(frame)
            if saved is None
            else CaseSession(
                frame, saved.labels, saved.lesions, saved.revision, saved.status
            )
        )
        if journal is not None:
            journal.forget()
        own = place.named(frame)
        review = None if saved is not None else stored_review(case.study, own)
        if review is not None:
            session.offer(review)
    trouble = "" if found is None else found.trouble
    if is_gone:
        trouble = f"{gone(case.study)} Until then nothing can be saved to it."
    session.about = about_case(frame, case.place)
    try:
        session.kinds = read_kinds(case.study)
    except StudyError as error:
        trouble = trouble or f"{error} The usual kinds are offered."
    _ = session.image.outside  # here, and not with the first stroke in the window
    is_renamed = saved is not None and not case.case_id and saved.name != frame.name
    return Opened(
        session,
        status_in_window(session),
        known.identity(case.study) if (case.study / STUDY_FILE).exists() else "",
        pages,
        journal,
        trouble,
        saved.name if saved is not None and is_renamed else "",
    )


def _as_graded_earlier(
    case: Case, place: LabelPlace, frame: Frame
) -> tuple[Frame, Saved | None]:
    """Give a frame as it was read and graded before its orientation counted.

    Its labels belong to those pixels; on the frame as it is read now they would lie in
    the wrong place.
    """
    if case.path is None:
        return frame, None
    earlier = read_earlier(case.path, case.page)
    saved = None if earlier is None else find(earlier, place)
    return (frame, None) if earlier is None or saved is None else (earlier, saved)
