"""The smart brush as a grader uses it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.smart_part import SmartPart
from napari_mae_sam2.annotate.pixel_change import Origin

SIDE = (40, 60)  # in the patch at [30:50, 50:70]


@pytest.fixture
def smart(at_work):
    at_work.widget.tabs.show_tab(Tab.CORRECT)
    (found,) = (p for p in at_work.widget.parts if isinstance(p, SmartPart))
    at_work.widget.layers.leakage.brush_size = 16
    return found


def test_a_stroke_keeps_to_the_patch_and_is_one_step(at_work, smart):
    leakage = at_work.widget.layers.leakage
    at_work.press("P", shift=True)
    assert smart.brush.is_active
    assert leakage.cursor == "circle"
    camera = at_work.viewer.scene.camera.center
    at_work.drag([SIDE, (40, 66), (46, 74)])
    assert at_work.viewer.scene.camera.center == camera
    painted = at_work.session.labels == 1
    assert painted[40, 54:69].all()
    assert not painted[:, 71:].any()
    assert not painted[:, :49].any()
    assert at_work.session.history.next_undo == "smart brush"
    assert len(at_work.session.history) == 1
    assert at_work.session.image.shares() == {Origin.BRUSH: 1.0}
    at_work.press("Z", control=True)
    assert not at_work.session.labels.any()
    assert leakage.data is at_work.session.labels


def test_another_lesion_is_not_painted_over(at_work, smart):
    at_work.session.labels[30:50, 62:70] = 5
    at_work.session.painted()
    at_work.press("P", shift=True)
    at_work.widget.layers.choose_label(2)
    at_work.drag([(40, 55), (40, 68)])
    assert (at_work.session.labels[30:50, 62:70] == 5).all()
    assert at_work.session.labels[40, 58] == 2


def test_the_tolerance_decides(at_work, smart):
    painted = []
    at_work.press("P", shift=True)
    for tolerance in (4, 100):
        smart.panel.tolerance.setValue(tolerance)
        at_work.drag([SIDE, (40, 66)])
        painted.append(np.count_nonzero(at_work.session.labels))
        at_work.press("Z", control=True)
    assert 0 < painted[0] < painted[1]  # the soft edge of the patch


def test_it_follows_the_proposal_where_there_is_one(at_work, smart):
    assert not smart.panel.proposal.isEnabled()
    at_work.drag([(20, 40), (45, 60)])  # a box: the model calls all of it leakage
    at_work.wait_for_proposal()
    smart.panel.proposal.click()
    at_work.press("P", shift=True)
    at_work.drag([(30, 45), (30, 58)])
    painted = at_work.session.labels > 0
    assert painted[30, 42:59].all()  # across the edge of the bright patch
    assert not painted[46:].any()
    at_work.press("S")
    at_work.press("R")
    assert not smart.panel.proposal.isEnabled()
    assert not smart.panel.follows_proposal


@pytest.mark.parametrize("way", ["P", "E", "6"])
def test_any_other_tool_puts_it_away(at_work, smart, way):
    leakage = at_work.widget.layers.leakage
    at_work.press("P", shift=True)
    at_work.press(way)
    assert not smart.brush.is_active
    mode = {"P": "paint", "E": "erase", "6": "pan_zoom"}[way]
    assert leakage.mode == mode
    assert leakage.mouse_pan == (mode == "pan_zoom")
    assert leakage.cursor == ("standard" if mode == "pan_zoom" else "circle")
    labels = at_work.session.labels.copy()
    if way == "6":
        at_work.drag([SIDE, (40, 66)])
        assert (at_work.session.labels == labels).all()


def test_space_pans_and_a_double_click_does_not_zoom(at_work, smart, qtbot):
    at_work.press("P", shift=True)
    zoom = at_work.viewer.scene.camera.zoom
    left = Qt.MouseButton.LeftButton
    QTest.mouseDClick(at_work.canvas, left, pos=at_work.point(SIDE))
    at_work.settle(0.05)
    assert at_work.viewer.scene.camera.zoom == zoom
    labels = at_work.session.labels.copy()
    before = at_work.viewer.scene.camera.center
    qtbot.keyPress(at_work.canvas, " ")
    at_work.drag([(20, 20), (30, 40)])
    qtbot.keyRelease(at_work.canvas, " ")
    assert at_work.viewer.scene.camera.center != before
    assert (at_work.session.labels == labels).all()
    assert not at_work.widget.layers.leakage.mouse_pan


def test_on_no_lesion_a_stroke_begins_one(at_work, smart):
    at_work.session.labels[0:4, 0:4] = 3
    at_work.session.painted()
    at_work.widget.layers.choose_label(0)
    at_work.press("P", shift=True)
    at_work.drag([SIDE, (40, 64)])
    assert at_work.session.labels[SIDE] == 4
    assert at_work.widget.layers.leakage.selected_label == 4


def test_beside_the_frame_nothing_happens(at_work, smart):
    at_work.press("P", shift=True)
    at_work.drag([(-6, 20), (-4, 24)])
    assert not at_work.session.labels.any()
    assert len(at_work.session.history) == 0


def test_the_next_case_begins_with_prompts(at_work, smart):
    at_work.press("P", shift=True)
    at_work.press("N")
    at_work.wait(lambda: at_work.widget.desk.worklist.index == 1, "the next case")
    at_work.wait_until_ready()
    assert not smart.brush.is_active
    assert at_work.widget.layers.is_prompting
