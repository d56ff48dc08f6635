"""The palette of tools, undo while painting, and the grading layout."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.grading_layout import PANELS, PREFERENCE, GradingLayout
from napari_mae_sam2._qt.tools_panel import Tool
from napari_mae_sam2._qt.tools_part import ToolsPart

TOP, SIDE = (10, 12), (40, 60)


@pytest.fixture
def tools(at_work):
    at_work.widget.tabs.show_tab(Tab.CORRECT)
    at_work.settle(0.1)
    (found,) = (p for p in at_work.widget.parts if isinstance(p, ToolsPart))
    return found


def push(grader, tools, tool):
    button = tools.panel.buttons[tool]
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    grader.settle(0.05)


def checked(tools):
    return [tool for tool, b in tools.panel.buttons.items() if b.isChecked()]


def test_each_tool_has_a_picture_a_tip_and_a_key(tools):
    keys = ("(S)", "(P)", "(Shift + P)", "(E)", "(3)", "(F)")
    for button, key in zip(tools.panel.buttons.values(), keys, strict=True):
        assert not button.icon().isNull()
        assert key in button.toolTip()
        drawn = button.icon().pixmap(24, 24).toImage()
        inks = {
            drawn.pixelColor(x, y).alpha()
            for x in range(drawn.width())
            for y in range(drawn.height())
        }
        assert max(inks) > 200


def test_brush_eraser_polygon_and_fill_from_the_palette(at_work, tools):
    labels = at_work.session.labels
    assert checked(tools) == [Tool.CLICK]
    push(at_work, tools, Tool.BRUSH)
    assert checked(tools) == [Tool.BRUSH]
    tools.panel.size.setValue(6)
    assert at_work.widget.layers.leakage.brush_size == 6
    at_work.drag([(55, 20), (55, 30)])
    assert labels[55, 25] == 1
    push(at_work, tools, Tool.ERASER)
    at_work.drag([(55, 25), (55, 40)])
    assert labels[55, 28] == 0
    push(at_work, tools, Tool.POLYGON)
    for corner in ((20, 30), (20, 45), (30, 38)):
        at_work.click(corner)
    at_work.press("\r")
    at_work.settle(0.05)
    assert labels[23, 38] == 2
    labels[24, 38] = 0
    at_work.session.painted()
    push(at_work, tools, Tool.FILL)
    at_work.click((24, 38))
    assert labels[24, 38] == 2
    push(at_work, tools, Tool.SMART_BRUSH)
    assert checked(tools) == [Tool.SMART_BRUSH]
    at_work.drag([SIDE, (40, 66)])
    assert labels[40, 64] == 3
    push(at_work, tools, Tool.CLICK)
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]


def test_the_palette_follows_keys_and_napari_s_own_buttons(at_work, tools):
    for key, tool in (("P", Tool.BRUSH), ("E", Tool.ERASER), ("F", Tool.FILL)):
        at_work.press(key)
        at_work.settle(0.05)
        assert checked(tools) == [tool]
    at_work.widget.layers.leakage.mode = "pick"
    at_work.settle(0.05)
    assert checked(tools) == []
    at_work.press("S")
    at_work.settle(0.05)
    assert checked(tools) == [Tool.CLICK]
    at_work.widget.layers.leakage.brush_size = 33
    at_work.settle(0.05)
    assert tools.panel.size.value() == 33


def test_the_palette_says_what_the_next_stroke_does(at_work, tools):
    words, keep = tools.panel.promise, tools.panel.keep
    assert words.text() == "The next stroke begins a new lesion."
    assert not keep.isEnabled()
    at_work.press("P")
    at_work.drag([(55, 20), (55, 30)])
    at_work.look()
    assert "elsewhere it begins a new one" in words.text()
    assert keep.text() == "Keep to lesion 1"
    keep.click()
    at_work.settle(0.05)
    assert words.text() == "Every stroke extends lesion 1."
    at_work.drag([(20, 40), (20, 50)])
    assert at_work.session.lesion_numbers() == [1]
    keep.click()
    at_work.push("New lesion (M)")
    at_work.settle(0.05)
    assert words.text() == "The next stroke begins a new lesion."
    at_work.drag([(55, 20), (55, 40)])
    assert at_work.session.lesion_numbers() == [1, 2]


def test_z_goes_back_through_paint_commits_and_clicks_in_order(at_work, tools):
    session = at_work.session
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("P")
    at_work.drag([(55, 20), (55, 30)])
    at_work.press("P", shift=True)
    at_work.drag([SIDE, (40, 66)])
    at_work.look()
    assert session.lesion_numbers() == [1, 2, 3]
    at_work.press("Z")
    assert session.lesion_numbers() == [1, 2]
    at_work.press("P")
    at_work.press("Z")
    assert at_work.widget.layers.leakage.mode == "paint"
    assert session.lesion_numbers() == [1]
    at_work.push("Undo (Z)")
    assert session.lesion_numbers() == []
    assert len(session.draft.clicks) == 1
    for _ in range(3):
        at_work.press("Z", shift=True)
    assert session.lesion_numbers() == [1, 2, 3]
    assert (np.asarray(at_work.widget.layers.leakage.data) == session.labels).all()


def panels(grader):
    return [
        d for d in grader.window.findChildren(QDockWidget) if d.objectName() in PANELS
    ]


def test_one_key_folds_napari_s_panels_away_and_it_is_remembered(at_work):
    dock = at_work.widget
    assert [panel.isVisible() for panel in panels(at_work)] == [True, True]
    room = at_work.canvas.width()
    at_work.press("W", shift=True)
    at_work.settle(0.2)
    assert [panel.isVisible() for panel in panels(at_work)] == [False, False]
    assert at_work.canvas.width() > room + 100
    assert dock.preferences.flag(PREFERENCE, False)
    at_work.press("W", shift=True)
    assert [panel.isVisible() for panel in panels(at_work)] == [True, True]
    assert not dock.preferences.flag(PREFERENCE, True)
    at_work.press("W", shift=True)
    again = GradingLayout(dock)  # as the next start makes it
    for panel in panels(at_work):
        panel.show()
    again.shown()
    assert [panel.isVisible() for panel in panels(at_work)] == [False, False]
    again.close()
    assert [panel.isVisible() for panel in panels(at_work)] == [True, True]


def test_the_panels_come_back_when_the_dock_closes(at_work):
    at_work.press("W", shift=True)
    found = panels(at_work)
    assert not any(panel.isVisible() for panel in found)
    at_work.viewer.window.remove_dock_widget(at_work.widget)
    at_work.settle(0.1)
    assert all(panel.isVisible() for panel in found)


def test_napari_remembers_its_window_with_the_panels(at_work):
    """Else the next napari without the dock would have none."""
    at_work.press("W", shift=True)
    seen = []
    found = panels(at_work)
    save = type(at_work.window).saveState

    def note(window, *args):
        seen.append([panel.isVisible() for panel in found])
        return save(window, *args)

    at_work.window.saveState = lambda *args: note(at_work.window, *args)
    at_work.viewer.close()
    assert seen[-1] == [True, True]


def test_a_panel_that_the_grader_closed_herself_stays_closed(at_work):
    first, second = panels(at_work)
    first.hide()
    at_work.press("W", shift=True)
    assert not second.isVisible()
    at_work.viewer.window.remove_dock_widget(at_work.widget)
    at_work.settle(0.1)
    assert not first.isVisible()
    assert second.isVisible()
