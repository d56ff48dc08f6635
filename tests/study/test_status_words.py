"""One vocabulary and one set of marks for the status of a case."""

from __future__ import annotations

from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.queue_state import STATUSES
from napari_mae_sam2.study.status_words import (
    MARKS,
    WORDS,
    counted,
    mark_of,
    title,
    words_of,
)


def test_every_status_has_its_own_words_and_mark():
    assert set(WORDS) == set(MARKS) == set(STATUSES)
    assert len(set(WORDS.values())) == len(set(MARKS.values())) == len(STATUSES)


def test_the_list_uses_the_words_and_marks_of_the_queue():
    for status in STATUSES:
        assert Status.of(status).value == WORDS[status]
        assert Status.of(status).mark == MARKS[status]
    assert len({status.mark for status in Status}) == len(Status)


def test_parallel_answers_go_before_the_status():
    heads = ("0001-aaaaaaaa", "0001-bbbbbbbb")
    assert words_of("needs_review", heads) == "two answers"
    assert mark_of("needs_review", heads) == "≠"
    assert Status.of("needs_review", heads) is Status.CONFLICT
    assert words_of("done", heads[:1]) == "done"


def test_counts_agree_with_their_number():
    assert counted({"new": 2, "done": 0, "needs_review": 1}) == "2 new, 1 needs review"
    assert counted({"needs_review": 2}) == "2 need review"
    assert title("in_work") == "In progress"
