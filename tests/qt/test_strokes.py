"""Which lesion a stroke belongs to, with every tool that paints."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_mae_sam2._qt.smart_part import SmartPart

TOP, SIDE = (10, 12), (40, 60)
"""In the patches at [5:15, 5:20] and [30:50, 50:70]."""


@pytest.fixture
def with_lesion(at_work):
    """A lesion that was committed by a click: number 1, at the top left."""
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    assert at_work.session.lesion_numbers() == [1]
    at_work.widget.layers.leakage.brush_size = 4
    return at_work


def area(grader, number):
    return int(np.count_nonzero(grader.session.labels == number))


def draw_polygon(grader, corners):
    grader.press("3")
    for corner in corners:
        grader.click(corner)
    grader.canvas.setFocus()
    grader.press("\r")
    grader.settle(0.05)


def test_a_stroke_far_away_begins_a_lesion_and_each_next_one_another(with_lesion):
    first = area(with_lesion, 1)
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    with_lesion.drag([(30, 20), (30, 30)])
    assert with_lesion.session.lesion_numbers() == [1, 2, 3]
    assert area(with_lesion, 1) == first
    assert with_lesion.widget.layers.leakage.selected_label == 3


def test_a_stroke_that_begins_on_a_lesion_extends_it(with_lesion):
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    before = area(with_lesion, 1)
    with_lesion.drag([TOP, (10, 40)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert with_lesion.session.labels[10, 35] == 1
    assert area(with_lesion, 1) > before
    assert with_lesion.widget.layers.leakage.selected_label == 1


def test_a_stroke_that_ends_on_a_lesion_extends_it(with_lesion):
    with_lesion.press("P")
    with_lesion.drag([(10, 40), TOP])
    assert with_lesion.session.lesion_numbers() == [1]
    assert with_lesion.session.labels[10, 38] == 1
    with_lesion.press("Z", control=True)
    assert with_lesion.session.labels[10, 38] == 0
    assert with_lesion.session.labels[TOP] == 1
    assert (with_lesion.widget.layers.leakage.data == with_lesion.session.labels).all()


def test_the_lesion_in_hand_comes_first_where_a_stroke_touches_two(with_lesion):
    with_lesion.press("P")
    with_lesion.drag([(10, 40), (10, 46)])  # lesion 2, in hand
    with_lesion.drag([(10, 40), TOP])  # from 2 into 1
    assert with_lesion.session.labels[10, 30] == 2
    assert with_lesion.session.labels[TOP] == 1


def test_a_stroke_that_was_undone_is_no_lesion_to_go_on_with(with_lesion):
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    with_lesion.press("Z", control=True)
    with_lesion.drag([TOP, (10, 30)])
    assert with_lesion.session.lesion_numbers() == [1]
    with_lesion.drag([(55, 60), (55, 66)])
    assert with_lesion.session.lesion_numbers() == [1, 2]


def test_a_number_that_was_deleted_does_not_come_back_with_its_kind(with_lesion):
    with_lesion.session.describe([1], kind="capillary")
    with_lesion.widget.layers.choose_label(1)
    with_lesion.press(Qt.Key.Key_Delete)
    assert with_lesion.session.lesion_numbers() == []
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    (number,) = with_lesion.session.lesion_numbers()
    assert with_lesion.session.lesion(number).kind == ""


def test_the_smart_brush_begins_a_lesion_and_extends_one(with_lesion):
    (smart,) = (p for p in with_lesion.widget.parts if isinstance(p, SmartPart))
    first = area(with_lesion, 1)
    with_lesion.press("P", shift=True)
    smart.panel.tolerance.setValue(20)
    with_lesion.drag([SIDE, (40, 64)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert area(with_lesion, 1) == first
    second = area(with_lesion, 2)
    with_lesion.drag([(40, 64), (46, 66)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert area(with_lesion, 2) > second
    with_lesion.drag([(55, 10), (55, 14)])
    assert with_lesion.session.lesion_numbers() == [1, 2, 3]


def test_a_polygon_far_away_begins_a_lesion_and_one_beside_extends(with_lesion):
    draw_polygon(with_lesion, [(35, 20), (35, 30), (45, 25)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert with_lesion.session.labels[37, 25] == 2
    with_lesion.widget.layers.choose_label(1)
    draw_polygon(with_lesion, [(40, 25), (50, 20), (50, 30)])
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert with_lesion.session.labels[48, 25] == 2
    with_lesion.press("Z", control=True)
    assert with_lesion.session.labels[48, 25] == 0


def test_fill_closes_the_hole_of_the_lesion_around_it(with_lesion):
    labels = with_lesion.session.labels
    labels[36:46, 54:66] = 7
    labels[39:43, 58:62] = 0
    with_lesion.session.painted()
    with_lesion.widget.layers.choose_label(1)
    with_lesion.press("F")
    with_lesion.click((41, 60))
    assert (labels[39:43, 58:62] == 7).all()
    assert with_lesion.session.lesion_numbers() == [1, 7]


def test_fill_on_open_ground_does_not_join_the_lesion_in_hand(with_lesion):
    first = area(with_lesion, 1)
    with_lesion.press("F")
    with_lesion.click((55, 60))
    assert area(with_lesion, 1) == first
    assert with_lesion.session.labels[55, 60] == 2


def test_m_begins_a_lesion_on_top_of_another_one_s_edge(with_lesion):
    with_lesion.press("M")
    with_lesion.drag([TOP, (10, 40)])
    assert with_lesion.session.labels[10, 35] == 2
    with_lesion.drag([(10, 40), (20, 40)])  # it touches 2, which is in hand
    assert with_lesion.session.labels[18, 40] == 2


def test_after_m_and_a_commit_a_far_stroke_does_not_join_what_was_committed(
    with_lesion,
):
    with_lesion.press("M")
    with_lesion.press("S")
    with_lesion.click(SIDE)
    with_lesion.wait_for_proposal()
    with_lesion.press("C")
    with_lesion.press("P")
    with_lesion.drag([(10, 50), (10, 60)])
    assert with_lesion.session.lesion_numbers() == [1, 2, 3]


def test_a_number_that_the_grader_typed_is_meant(with_lesion):
    with_lesion.press("P")
    with_lesion.widget.layers.leakage.selected_label = 9
    with_lesion.drag([TOP, (10, 40)])
    assert with_lesion.session.labels[10, 35] == 9


def test_with_labels_unprotected_other_lesions_can_be_taken_over(with_lesion):
    leakage = with_lesion.widget.layers.leakage
    with_lesion.press("P")
    with_lesion.drag([(10, 40), (10, 46)])
    leakage.preserve_labels = False
    with_lesion.drag([(10, 40), TOP])
    assert with_lesion.session.labels[TOP] == 2


def test_the_eraser_takes_any_lesion_and_begins_none(with_lesion):
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    with_lesion.press("E")
    with_lesion.drag([(10, 5), (10, 20)])
    assert with_lesion.session.labels[TOP] == 0
    with_lesion.press("P")
    with_lesion.drag([(55, 30), (55, 36)])
    assert with_lesion.session.lesion_numbers() == [1, 2]


def test_the_next_case_begins_afresh(with_lesion):
    owner = with_lesion.widget.layers.strokes.owner
    owner.keeps = True
    with_lesion.press("N")
    with_lesion.wait(
        lambda: with_lesion.widget.desk.worklist.index == 1, "the next case"
    )
    with_lesion.wait_until_ready()
    assert not owner.keeps
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 26)])
    with_lesion.drag([(30, 20), (30, 26)])
    assert with_lesion.session.lesion_numbers() == [1, 2]


def test_every_stroke_goes_to_the_lesion_in_hand_where_the_grader_says_so(with_lesion):
    owner = with_lesion.widget.layers.strokes.owner
    owner.keeps = True
    assert owner.promise == "Every stroke extends lesion 1."
    with_lesion.press("P")
    with_lesion.drag([(55, 20), (55, 30)])
    assert with_lesion.session.lesion_numbers() == [1]
    owner.keeps = False
    with_lesion.drag([(30, 20), (30, 30)])
    assert with_lesion.session.lesion_numbers() == [1, 2]


def test_what_is_encircled_with_the_right_button_keeps_to_the_rule(with_lesion):
    first = area(with_lesion, 1)
    with_lesion.press("P")
    right, none = Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
    canvas, start = with_lesion.canvas, (35, 10)
    with_lesion.widget.layers.leakage.brush_size = 2
    QTest.mousePress(canvas, right, none, with_lesion.point(start))
    QTest.mouseRelease(canvas, right, none, with_lesion.point(start))
    for place in ((35, 20), (35, 30), (50, 30), (50, 10), (42, 10), start):
        QTest.mouseMove(canvas, with_lesion.point(place))
        with_lesion.settle(0.02)
    assert with_lesion.session.lesion_numbers() == [1, 2]
    assert area(with_lesion, 1) == first
    assert with_lesion.session.labels[42, 20] == 2
