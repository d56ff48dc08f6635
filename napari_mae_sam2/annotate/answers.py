"""The four answers that finish a case, and where a case stands without one.

Saving keeps work and answers nothing: only the grader's word does. Work that was kept
without an answer is "in_work", in the window as on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from napari_mae_sam2.annotate.worklist import Status

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.records import Status as RecordStatus


Answer = Literal["done", "no_leakage", "needs_review", "cannot_grade"]
"""What a grader says to finish a case."""

ANSWERS: tuple[Answer, ...] = get_args(Answer)

AS_RECORDED: dict[Answer, RecordStatus] = {
    "done": "done",
    "no_leakage": "done",
    "needs_review": "needs_review",
    "cannot_grade": "cannot_grade",
}
"""How a revision says it: "no leakage" is done, with a label that is empty."""


def status_in_window(session: CaseSession) -> Status:
    """Say where an open case stands, with what is not saved yet.

    Whatever the grader did to a case puts it in work, also clicks and rejected
    suggestions that left no lesion.
    """
    said = session.saves.standing
    if said is not None:
        return Status.of(said)
    if len(session.history):
        return Status.IN_WORK
    return Status.PROPOSED if session.review is not None else Status.NEW


def why_not(session: CaseSession, answer: Answer) -> str:
    """Say why a case cannot be answered so; empty where it can.

    A slip must not pass for an answer: what waits to be judged or committed holds
    "done" back, an empty label is "no leakage" only where the grader says so.

    Parameters
    ----------
    session : CaseSession
        The case.
    answer : str
        See `Answer`.

    Returns
    -------
    str
        A sentence that says what to do first.
    """
    session.painted()
    lesions = len(session.lesion_numbers())
    if answer == "no_leakage" and lesions:
        drawn = "1 lesion is" if lesions == 1 else f"{lesions} lesions are"
        return f"{drawn} drawn here: delete what is not leakage, or say Done."
    if answer != "done":
        return ""
    if session.is_reviewing:
        return (
            "Suggestions still wait: accept them all with Shift + A, reject them all "
            "with Shift + R, or judge them one by one."
        )
    if session.proposal is not None:
        return "The proposal is not a lesion yet: commit it with C or reject it with R."
    if not lesions:
        return (
            "No lesion is drawn: if the frame shows no leakage, say No leakage "
            "(Alt + 0)."
        )
    return ""
