from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.queue import Queue
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.index_query import Item


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame]) -> Study:
    for seed in range(3):
        study.add_frame(make_frame(f"f{seed}", seed))
    return study


@pytest.fixture
def queue_of(filled: Study) -> Iterator[Callable[..., Queue]]:
    """Makes a grader's queue; each has an index of their own, as on two computers."""
    made: list[Index] = []

    def make(grader: str, **how: Any) -> Queue:
        clock = how.get("clock", time.time)
        made.append(Index.open(Study.open(filled.folder), None, clock=clock))
        made[-1].refresh()
        how.setdefault("sleep", lambda _seconds: None)
        return Queue(filled, made[-1], grader, **how)

    yield make
    for index in made:
        index.close()


def _item(queue: Queue, number: int = 0) -> Item:
    queue._index.refresh()
    return queue._index.items(now=time.time())[number]


def test_two_graders_take_different_cases(queue_of: Callable[..., Queue]) -> None:
    anna, ben = queue_of("anna"), queue_of("ben")
    first, second, third = anna.take(), ben.take(), anna.take()
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.name, first.claimed_by, first.status) == ("f0", "anna", "in_work")
    assert (second.name, second.claimed_by) == ("f1", "ben")
    assert third.name == "f0"  # it is hers already
    assert anna.claim(second) == "ben"
    on = anna.take(after=first)
    assert on is not None
    assert on.name == "f2"
    assert ben.take(after=second) is None
    back = ben.take(step=-1)
    assert back is not None
    assert back.name == "f1"


def test_claims_in_the_same_moment_have_one_holder(
    queue_of: Callable[..., Queue],
) -> None:
    ben = queue_of("ben")
    said: list[str] = []

    def meanwhile(_seconds: float) -> None:
        # Ben looked before Anna's claim was there, and writes his only now.
        ben._study.log.write("claim", grader="ben", case=_item(anna).case)

    anna = queue_of("anna", sleep=meanwhile)
    said.append(anna.claim(_item(anna)))
    said.append(ben.claim(_item(ben)))
    assert said == ["", "anna"]


@pytest.mark.parametrize("years", [-50, 50])
def test_a_wrong_clock_neither_keeps_a_case_nor_loses_it(
    filled: Study, queue_of: Callable[..., Queue], years: int
) -> None:
    now = [1_800_000_000.0]
    ben = queue_of("ben", clock=lambda: now[0])
    ben._index.refresh()
    event = filled.log.write("claim", grader="anna", case=filled.case_ids()[0])
    path = filled.log.path(event.id)
    content = json.loads(path.read_text("utf-8"))
    when = f"{2026 + years}-01-01T00:00:00+00:00"
    path.write_text(json.dumps(content | {"time": when}), "utf-8")
    now[0] += 20
    item = _item(ben)
    assert ben.claim(item) == "anna"
    now[0] += 31 * 60
    assert ben.claim(item) == ""


def test_what_is_meant_for_another_is_passed_over(
    queue_of: Callable[..., Queue],
) -> None:
    anna, ben = queue_of("anna"), queue_of("ben")
    anna.assign([_item(anna, 0), _item(anna, 1)], "anna")
    taken = ben.take()
    assert taken is not None
    assert taken.name == "f2"
    anna.assign([_item(anna, 0)], None)
    again = ben.take(step=-1, after=taken)
    assert again is not None
    assert again.name == "f0"
    assert anna._index.items(Filter(assigned="anna"), now=time.time())[0].name == "f1"


def test_what_cannot_be_graded_is_out_of_the_queue(
    queue_of: Callable[..., Queue],
) -> None:
    anna = queue_of("anna")
    first = anna.take()
    assert first is not None
    anna.say(first, "cannot_grade")
    then = anna.take()
    assert then is not None
    assert then.name == "f1"
    anna.release(then)
    assert anna._index.counts(now=time.time())["in_work"] == 0
    with pytest.raises(StudyError, match="no status perfect"):
        anna.say(then, "perfect")


def test_parallel_revisions_are_kept_and_review_chooses(
    filled: Study, queue_of: Callable[..., Queue], make_frame: Callable[..., Frame],
    labels: np.ndarray,
) -> None:  # fmt: skip
    frame = make_frame("f0", 0)
    base = filled.save_revision(frame, labels, grader="anna", parent=None)
    one = filled.save_revision(frame, labels * 2, grader="anna", parent=base.id)
    two = filled.save_revision(frame, labels * 3, grader="ben", parent=base.id)
    carla = queue_of("carla")
    (item,) = carla._index.items(Filter(conflict=True), now=time.time())
    assert item.status == "needs_review"
    assert set(item.heads) == {one.id, two.id}
    with pytest.raises(StudyError, match="has no parallel revision"):
        carla.resolve(item, base.id)
    chosen = carla.resolve(item, one.id)
    assert (chosen.parent, chosen.merges) == (one.id, [two.id])
    assert filled.latest_revision(base.case) == chosen
    assert np.array_equal(filled.load_labels(chosen), labels * 2)
    assert np.array_equal(filled.load_labels(two), labels * 3)
    assert carla._index.items(Filter(conflict=True), now=time.time()) == []
    with pytest.raises(StudyError, match="has no parallel revision"):
        carla.resolve(item, one.id)
    assert list(verify(filled)) == []


def test_pace_counts_what_the_grader_may_take(
    filled: Study, queue_of: Callable[..., Queue], make_frame: Callable[..., Frame],
    labels: np.ndarray,
) -> None:  # fmt: skip
    filled.save_revision(
        make_frame("f0", 0), labels, grader="anna", parent=None,
        statistics={"seconds": 45.0},
    )  # fmt: skip
    anna = queue_of("anna")
    assert (anna.pace().left, anna.pace().seconds_left) == (2, 90.0)
    assert queue_of("ben").pace().seconds_left is None


def test_nobody_works_without_a_name(queue_of: Callable[..., Queue]) -> None:
    with pytest.raises(StudyError, match="grader's name"):
        queue_of(" ")


_GRADER = """
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
import numpy as np
from napari_mae_sam2.study import event_log
wrong = timedelta(days=int(sys.argv[3]))
class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + wrong
event_log.datetime = Clock
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.queue import Queue
clock = lambda: time.time() + wrong.total_seconds()
study = Study.open(Path(sys.argv[1]))
index = Index.open(study, None, clock=clock)
queue = Queue(study, index, sys.argv[2], clock=clock)
index.refresh()
print("ready", flush=True)
sys.stdin.readline()
while (item := queue.take()) is not None:
    frame = study.load_frame(item.case)
    before = study.latest_revision(item.case)
    saved = study.save_revision(
        frame, np.ones(frame.shape, np.uint16), grader=sys.argv[2],
        parent=before and before.id,
    )
    print(item.case, saved.id, flush=True)
"""


def test_graders_with_wrong_clocks_work_off_one_queue_and_lose_nothing(
    study: Study, make_frame: Callable[..., Frame]
) -> None:
    for seed in range(12):
        study.add_frame(make_frame(f"f{seed}", seed))
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _GRADER, str(study.folder), grader, days],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for grader, days in (("a", "0"), ("b", "4000"), ("c", "-4000"))
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    saved: list[tuple[str, ...]] = []
    for program in programs:
        out, _ = program.communicate(timeout=300)
        assert program.returncode == 0
        saved += [tuple(line.split()) for line in out.splitlines()]
    # A claim is a courtesy: on a machine that stands still in between, two may work
    # on one case. But no case is left out, and every label that was saved is there.
    assert {case for case, _ in saved} == set(study.case_ids())
    for case in study.case_ids():
        mine = sorted(revision for other, revision in saved if other == case)
        assert study.revision_ids(case) == mine
    assert list(verify(study)) == []
    index = Index.open(study, None)
    index.refresh()
    counts = index.counts(now=time.time())
    assert counts["done"] + counts["needs_review"] == 12
    index.close()
