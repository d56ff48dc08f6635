from __future__ import annotations

import pytest

from napari_mae_sam2.annotate.looking import choose_close_up
from napari_mae_sam2.annotate.view import View
from napari_mae_sam2.fa.close_up import CloseUp, close_up_around

WIDE, SIDE = (3000, 4000), 1024


def seen_at(row, column, side):
    return close_up_around((row, column), side, WIDE)


def test_a_large_frame_is_looked_at_closely_where_the_grader_zooms_in():
    seen = seen_at(1500, 2000, 500)
    chosen = choose_close_up(seen, WIDE, SIDE)
    assert chosen.share_of(seen) == 1
    assert 500 < chosen.side < 800
    assert choose_close_up(CloseUp.whole(WIDE), WIDE, SIDE) is None
    assert choose_close_up(seen_at(1500, 2000, 2900), WIDE, SIDE) is None


def test_a_frame_that_the_encoder_sees_in_full_needs_none_unless_asked():
    shape = (768, 868)
    seen = CloseUp(100, 100, 300, 300)
    assert choose_close_up(seen, shape, SIDE) is None
    asked = choose_close_up(seen, shape, SIDE, asked=True)
    assert asked.share_of(seen) == 1


def test_wheel_steps_and_small_moves_keep_the_close_up():
    current = choose_close_up(seen_at(1500, 2000, 600), WIDE, SIDE)
    for row, column, side in [(1500, 2000, 450), (1540, 1960, 600), (1480, 2000, 650)]:
        seen = seen_at(row, column, side)
        assert choose_close_up(seen, WIDE, SIDE, [current]) == current
    for row, column, side in [(1500, 2000, 220), (1900, 2000, 600), (1500, 2000, 1100)]:
        seen = seen_at(row, column, side)
        assert choose_close_up(seen, WIDE, SIDE, [current]) != current


@pytest.mark.parametrize("place", [(0, 0), (2999, 3999), (5, 3000)])
def test_at_the_edge_it_stays_in_the_frame(place):
    seen = seen_at(*place, 400)
    chosen = choose_close_up(seen, WIDE, SIDE)
    assert chosen.share_of(seen) == 1
    assert CloseUp.whole(WIDE).share_of(chosen) == 1


def view_of(seen, view=None, known=()):
    view = view or View()
    view.seen = seen
    view.choose(WIDE, SIDE, known)
    return view


def test_off_and_on_again():
    view = view_of(seen_at(1500, 2000, 500))
    assert view.close_up is not None
    view.toggle(is_on=True)
    view_of(view.seen, view)
    assert view.close_up is None
    view.leave()
    view_of(seen_at(500, 500, 400), view)
    assert view.close_up is None  # what was turned off stays off in the next case
    view.toggle(is_on=False)
    view_of(view.seen, view)
    assert view.close_up is not None


def test_one_that_was_asked_for_goes_with_its_view():
    view = View()
    view.seen = seen = seen_at(1500, 2000, 2200)
    view.toggle(is_on=False)
    view.choose(WIDE, SIDE, ())
    assert view.close_up.share_of(seen) == 1
    view_of(CloseUp.whole(WIDE), view)
    assert view.close_up is None
    view_of(seen, view)
    assert view.close_up is None


def test_asking_where_there_is_nothing_to_see_closely_is_forgotten():
    view = View()
    view.toggle(is_on=False)
    view_of(CloseUp.whole(WIDE), view)
    assert view.gives_up()
    assert not view.gives_up()


def test_a_part_that_cannot_be_encoded_is_left_alone():
    view = view_of(seen_at(1500, 2000, 500))
    view.avoid(view.close_up)
    view_of(view.seen, view)
    assert view.close_up is None
