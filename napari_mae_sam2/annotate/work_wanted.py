"""What is to be encoded for the case in hand, the most urgent first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.answering import answer_in_tiles, encode, sight_of
from napari_mae_sam2.annotate.work_queue import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_mae_sam2.annotate.answering import Question
    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.review import Patch
    from napari_mae_sam2.annotate.shelf import Shelf
    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Predictor


def work_wanted(
    shelf: Shelf,
    predictor: Predictor,
    frame: Frame,
    question: Question | None,
    close_ups: Sequence[CloseUp | None],
    progress: Callable[[int, int], None],
    found: Callable[[Question, tuple[Patch, ...]], None],
) -> list[Task]:
    """List the tasks for a frame: what was asked, the frame itself, what is seen.

    Parameters
    ----------
    shelf : Shelf
        What is on it needs no work, and stays there.
    predictor : Predictor
    frame : Frame
    question : Question, optional
        What the grader waits for.
    close_ups : sequence of CloseUp
        What the grader may click on next.
    progress : callable
        Gets how many parts of a long answer are done, and how many there are.
    found : callable
        Gets patches of a long answer as soon as they are final.
    """
    tasks: list[Task] = []
    parts: list[CloseUp | None] = [None]
    if question is not None and question.is_long:
        search = partial(answer_in_tiles, question, progress=progress, found=found)
        tasks.append(Task(search_key(question), search))
    elif question is not None:
        parts.insert(0, question.draft.close_up)
    for part in dict.fromkeys([*parts, *close_ups]):
        sight = sight_of(predictor, frame, part)
        if shelf.get(sight) is None:
            run = partial(encode, shelf, predictor, frame, part)
            tasks.append(Task(sight, run))
    return tasks


def search_key(question: Question) -> tuple[Draft, str]:
    """Return the key of the task that answers a long question."""
    return question.draft, question.predictor.fingerprint
