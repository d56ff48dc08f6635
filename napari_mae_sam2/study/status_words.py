"""What the status of a case is called, and its mark: the same words everywhere.

Lists, the queue, the window and the command line all take them from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_mae_sam2.study.queue_state import QueueStatus

WORDS: Final[dict[QueueStatus, str]] = {
    "new": "new",
    "proposed": "proposed",
    "in_work": "in progress",
    "done": "done",
    "needs_review": "needs review",
    "cannot_grade": "cannot grade",
}
"""In lower case, for use within a sentence; see `title`."""

MARKS: Final[dict[QueueStatus, str]] = {
    "new": "○",
    "proposed": "◇",
    "in_work": "◐",
    "done": "✓",
    "needs_review": "⚑",
    "cannot_grade": "⊘",
}

TWO_ANSWERS: Final = "two answers"
"""Of a case that needs review because graders answered it in parallel."""

TWO_ANSWERS_MARK: Final = "≠"

NOT_SAVED, NOT_SAVED_MARK = "not saved", "!"
CANNOT_OPEN, CANNOT_OPEN_MARK = "cannot be opened", "✕"


def title(status: QueueStatus) -> str:
    """Give the words of a status as the beginning of a line."""
    return WORDS[status].capitalize()


def words_of(status: QueueStatus, heads: Sequence[str] = ()) -> str:
    """Say the status of a case.

    Parameters
    ----------
    status : str
        As the queue has it.
    heads : sequence of str
        Its revisions that none corrects; more than one are parallel answers.
    """
    return TWO_ANSWERS if len(heads) > 1 else WORDS[status]


def mark_of(status: QueueStatus, heads: Sequence[str] = ()) -> str:
    """Give the mark of a case in a list; parameters as for `words_of`."""
    return TWO_ANSWERS_MARK if len(heads) > 1 else MARKS[status]


def counted(counts: Mapping[QueueStatus, int]) -> str:
    """Say how many cases there are of each status, such as "2 new, 1 needs review"."""
    return ", ".join(f"{n} {_plural(status, n)}" for status, n in counts.items() if n)


def _plural(status: QueueStatus, number: int) -> str:
    if status == "needs_review" and number != 1:
        return "need review"
    return WORDS[status]
