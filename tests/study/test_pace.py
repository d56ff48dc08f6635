from __future__ import annotations

import pytest

from napari_mae_sam2.study.pace import Pace, pace


def test_time_on_task_says_how_long_what_is_left_takes() -> None:
    found = pace([(1000.0, 30.0), (5000.0, 90.0)], left=10)
    assert (found.seconds_each, found.seconds_left) == (60.0, 600.0)
    assert found.per_hour == pytest.approx(60.0)


def test_where_nobody_counted_the_gaps_do_and_pauses_do_not() -> None:
    answers = [(0.0, 0.0), (100.0, 0.0), (9000.0, 0.0), (9050.0, 0.0)]
    assert pace(answers[::-1], left=2).seconds_each == 75.0


def test_nothing_to_go_by() -> None:
    assert pace([], left=3) == Pace(3, None, None)
    assert pace([(5.0, 0.0)], left=3) == Pace(3, None, None)
    assert pace([], left=3).per_hour is None
