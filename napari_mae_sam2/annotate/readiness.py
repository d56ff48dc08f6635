"""What the model is doing for the case in hand, as the grader is told."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.answering import Question
    from napari_mae_sam2.annotate.shelf import Shelf, Sight


class Readiness(Enum):
    """What the model is doing for the case in hand."""

    NO_MODEL = "no model"
    LOADING = "loading the model"
    NO_CASE = "no case"
    ENCODING = "reading the frame"
    CLOSE_UP = "reading the close-up"
    SEARCHING = "looking for all leakage"
    CANCELLED = "stopped"
    FAILED = "failed"
    READY = "ready"


def readiness_of(shelf: Shelf, question: Question | None, frame: Sight) -> Readiness:
    """Say what the grader waits for.

    Parameters
    ----------
    shelf : Shelf
        With all that is encoded.
    question : Question, optional
        What is to be answered.
    frame : Sight
        The whole frame in hand.
    """
    if question is not None and question.is_long:
        return Readiness.SEARCHING
    if question is not None and not shelf.holds(question.sight):
        is_part = question.draft.close_up is not None
        return Readiness.CLOSE_UP if is_part else Readiness.ENCODING
    if question is not None or shelf.holds(frame):
        return Readiness.READY
    return Readiness.ENCODING
