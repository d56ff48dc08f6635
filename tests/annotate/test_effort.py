from __future__ import annotations

import pytest

from napari_mae_sam2.annotate.effort import IDLE_AFTER, Effort, Spent


def test_time_between_inputs_counts_and_pauses_do_not():
    effort = Effort()
    for now in (100.0, 101.5, 130.0):
        effort.input(now)
    effort.input(130.0 + IDLE_AFTER + 0.1)
    effort.input(130.0 + IDLE_AFTER + 2.1, click=True)
    assert effort.spent == Spent(pytest.approx(32.0), 1)


def test_a_case_that_is_put_away_does_not_age():
    effort = Effort()
    effort.input(10.0)
    effort.input(12.0)
    effort.pause()
    effort.input(20.0)
    effort.input(21.0)
    assert effort.spent.seconds == pytest.approx(3.0)


def test_it_goes_on_where_it_was_left():
    effort = Effort()
    effort.take_up(Spent(50.0, 7), Spent(20.0, 3))
    effort.input(1.0, click=True)
    assert effort.spent.since(effort.reported) == Spent(30.0, 5)
