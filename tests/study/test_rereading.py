from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.predict.sources import list_sources
from napari_mae_sam2.study.agreement import Agreement, agreements, summarise
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.queue import Queue
from napari_mae_sam2.study.readings import Reading, waiting_cases
from napari_mae_sam2.study.rereading import draw_repeats, draw_seconds, plan
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index_query import Item


@pytest.fixture
def read_once(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> Study:
    """Six cases: anna answered four of them, ben one, one waits."""
    for seed in range(6):
        study.add_frame(make_frame(f"f{seed}", seed))
    for seed in range(5):
        grader = "ben" if seed == 4 else "anna"
        frame = make_frame(f"f{seed}", seed)
        study.save_revision(frame, labels, grader=grader, parent=None)
    return study


@pytest.fixture
def index(read_once: Study) -> Iterator[Index]:
    index = Index.open(read_once, None)
    index.refresh()
    yield index
    index.close()


def _all(index: Index) -> list[Item]:
    index.refresh()
    return index.items(now=time.time())


def test_second_readings_go_to_somebody_else(index: Index) -> None:
    plans = draw_seconds(_all(index), ["anna", "ben", "carla"], 1.0, seed=3)
    first_by = {item.case: item.grader for item in _all(index)}
    assert len(plans) == 5
    assert all(one.to != first_by[one.case] for one in plans)
    assert {one.kind for one in plans} == {"second"}
    waiting = {item.case for item in _all(index) if item.status == "new"}
    assert {one.place for one in plans} == waiting
    assert plans == draw_seconds(_all(index), ["anna", "ben", "carla"], 1.0, seed=3)
    some = [draw_seconds(_all(index), ["anna", "ben"], 0.4, seed=s) for s in range(9)]
    assert {len(one) for one in some} == {2}
    assert len({tuple(p.case for p in one) for one in some}) > 1


def test_repeats_are_of_ones_own_cases_and_planned_once(
    index: Index, read_once: Study
) -> None:
    plans = draw_repeats(_all(index), "anna", 0.5, seed=1)
    assert len(plans) == 2
    assert {(one.kind, one.to) for one in plans} == {("repeat", "anna")}
    plan(read_once, plans)
    assert draw_repeats(_all(index), "anna", 0.5, seed=2) == []
    rest = draw_repeats(_all(index), "anna", 1.0, seed=2)
    assert len(rest) == 2
    assert not {one.case for one in rest} & {one.case for one in plans}
    # What anna reads again may still be read by ben, for the first time.
    assert len(draw_seconds(_all(index), ["anna", "ben"], 1.0, seed=2)) == 5


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_that_is_none(index: Index, share: float) -> None:
    with pytest.raises(StudyError, match="is not above 0"):
        draw_repeats(_all(index), "anna", share, seed=1)
    with pytest.raises(StudyError, match="needs two graders"):
        draw_seconds(_all(index), ["anna", "anna"], 0.5, seed=1)


def test_a_reading_is_blinded_mixed_in_and_no_label_of_the_case(
    index: Index, read_once: Study, make_frame: Callable[..., Frame],
    labels: np.ndarray,
) -> None:  # fmt: skip
    (one,) = [
        one for one in draw_repeats(_all(index), "anna", 1.0, seed=1)
        if one.case.startswith("f2")
    ]  # fmt: skip
    plan(read_once, [one], grader="head")
    index.refresh()
    ben, anna = (Queue(read_once, index, name, sleep=time.sleep) for name in
                 ("ben", "anna"))  # fmt: skip
    now = time.time()
    assert len(index.items(Filter(statuses=("new",), free_for="ben"), now=now)) == 1
    mine = index.items(Filter(statuses=("new",), free_for="anna"), now=now)
    assert len(mine) == 2
    item = next(item for item in mine if item.reading)
    assert (item.status, item.heads, item.grader, item.seconds) == ("new", (), "", 0.0)
    assert item.code not in [other.code for other in mine if other != item]
    last = index.items(now=now, descending=True)[
        :2
    ]  # at the place of the one that waits
    assert item in last

    # predicted like the case without a label, or it would open in another way
    assert waiting_cases(read_once.log) == {item.case}
    wanted = {source.case for source in list_sources([read_once.folder], True)}
    assert wanted == {one.case for one in mine}
    assert index.is_to_read("anna")
    assert not index.is_to_read("ben")

    before = read_once.latest_revision(item.case)
    view = anna.study_for(item)
    assert view.latest_revision(item.case) is None
    assert ben.study_for(mine[1 - mine.index(item)]) is read_once
    half = labels.copy()
    half[:20] = 0
    frame = read_once.load_frame(item.case)
    view.save_revision(frame, half, grader="anna", parent=None)
    assert read_once.latest_revision(item.case) == before
    assert len(list(read_once.labelled())) == 5
    index.refresh()
    done = index.item(item.case, item.reading, now=time.time())
    assert done is not None
    assert (done.status, done.grader) == ("done", "anna")
    assert waiting_cases(read_once.log) == set()
    assert not index.is_to_read("anna")
    assert list(verify(read_once)) == []

    (found,) = agreements(read_once)
    a, b = labels > 0, half > 0
    assert found.dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
    assert (found.kind, found.graders) == ("repeat", ("anna", "anna"))
    assert found.areas == (a.sum(), b.sum())


def test_two_empty_labels_agree(
    index: Index, read_once: Study, make_frame: Callable[..., Frame]
) -> None:
    frame = make_frame("f5", 5)
    empty = np.zeros(frame.shape, np.uint16)
    saved = read_once.save_revision(frame, empty, grader="ben", parent=None)
    plans = draw_seconds(_all(index), ["anna", "ben"], 1.0, seed=1)
    (reading,) = plan(read_once, [one for one in plans if one.case == saved.case])
    assert list(agreements(read_once)) == []  # not read yet
    again = Reading(read_once, reading)
    refused = again.save_revision(
        frame, empty, grader="anna", parent=None, status="cannot_grade"
    )
    assert list(agreements(read_once)) == []  # which is no label without leakage
    again.save_revision(frame, empty, grader="anna", parent=refused.id)
    (found,) = agreements(read_once)
    assert (found.dice, found.areas, found.kind) == (1.0, (0, 0), "second")


def test_many_cases_are_put_together_by_kind_and_graders() -> None:
    def one(case: str, kind: str, graders: tuple[str, str], *areas: int) -> Agreement:
        return Agreement(case, "x", kind, graders, (areas[0], areas[1]), areas[2] / 10)

    two, self_ = ("anna", "ben"), ("anna", "anna")
    second, repeat = summarise(
        [one("a", "second", two, 10, 12, 8), one("b", "repeat", self_, 5, 5, 10),
         one("c", "second", two, 20, 26, 6), one("d", "repeat", self_, 9, 9, 10)]
    )[::-1]  # fmt: skip
    assert (second.kind, second.graders, second.cases) == ("second", two, 2)
    assert (second.dice, second.bias) == (pytest.approx(0.7), 4.0)
    spread = np.std([2, 6], ddof=1)
    assert second.low == pytest.approx(4 - 1.96 * spread)
    assert second.high == pytest.approx(4 + 1.96 * spread)
    assert (repeat.bias, repeat.low, repeat.high, repeat.icc) == (0, 0, 0, 1)
    assert second.icc < 1


def test_ids_of_readings_lead_nowhere_else(read_once: Study) -> None:
    for name in ("../../x", "", "0001-aaaaaaaa", "ABCDEF12"):
        with pytest.raises(StudyError, match="is not the id of a reading"):
            Reading(read_once, name)
