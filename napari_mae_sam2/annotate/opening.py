"""Reads a case from disk: its frame, how many pages its file has, its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.saving import find
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.reading import count_pages

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.worklist import Case


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A case that was read.

    Attributes
    ----------
    session : CaseSession
        Ready to be graded; nobody listens to it yet.
    graded : bool
        True where labels of it were found in its study.
    pages : int
        How many pages its file has.
    """

    session: CaseSession
    graded: bool
    pages: int


def open_case(case: Case) -> Opened:
    """Read a case; slow, for a worker's thread.

    Raises
    ------
    PlainError
        If the frame or its labels cannot be read.
    """
    frame = case.load()
    pages = count_pages(case.path) if case.path is not None and not case.page else 1
    saved = find(frame, case.study)
    session = (
        CaseSession(frame)
        if saved is None
        else CaseSession(frame, saved.labels, saved.lesions, saved.revision)
    )
    return Opened(session, saved is not None, pages)
