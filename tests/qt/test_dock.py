"""Where panels have their place: tabs, sections that fold, parts that join."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QLabel,
    QListView,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt import leakage_widget
from napari_mae_sam2._qt.dock_tabs import WIDTH, DockTabs, Tab
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.section import Section
from napari_mae_sam2.study.preferences import Preferences


def panel(*widgets):
    made = QWidget()
    layout = QVBoxLayout(made)
    for widget in widgets:
        layout.addWidget(widget)
    return made


def titles(tabs):
    return [tabs.tabText(index) for index in range(tabs.count())]


def head(section, qtbot):
    button = section.findChild(QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_tabs_stand_in_their_order_whoever_comes_first(qtbot):
    tabs = DockTabs(Preferences())
    qtbot.addWidget(tabs)
    tabs.add(Tab.MODEL, "Model", panel(QLabel("m")))
    tabs.add(Tab.GRADE, "Cases", panel(QLabel("c")))
    tabs.add(Tab.VIEW, "View", panel(QLabel("v")))
    assert titles(tabs) == ["Grade", "View", "Model"]


def test_a_fold_is_remembered(qtbot, tmp_path):
    file = tmp_path / "window.json"
    kept = Preferences(file)
    tabs = DockTabs(kept)
    qtbot.addWidget(tabs)
    label = QLabel("c")
    section = tabs.add(Tab.GRADE, "Cases", panel(label))
    tabs.show()
    assert label.isVisible()
    head(section, qtbot)
    assert section.is_folded
    assert not label.isVisible()
    kept.close()

    again = DockTabs(Preferences(file))
    qtbot.addWidget(again)
    assert again.add(Tab.GRADE, "Cases", panel(QLabel("c"))).is_folded
    assert not again.add(Tab.GRADE, "Labels", panel(QLabel("l"))).is_folded


def test_a_list_gives_way_before_a_tab_scrolls(qtbot):
    tabs = DockTabs(Preferences())
    qtbot.addWidget(tabs)
    words = QLabel("words that need more than one line in a narrow dock " * 3)
    words.setWordWrap(True)
    cases = QListView()
    tabs.add(Tab.GRADE, "Cases", panel(cases), stretch=True)
    last = QLabel("last")
    tabs.add(Tab.GRADE, "Segment", panel(words, last))
    tabs.resize(330, 300)
    tabs.show()
    qtbot.wait(50)
    assert last.visibleRegion().boundingRect().height() == last.height() > 0
    assert cases.height() < cases.sizeHint().height()


@pytest.fixture
def joined(monkeypatch):
    heard = SimpleNamespace(cases=[], ready=0, closed=0, pressed=0, part=None)

    class Joined(Part):
        def __init__(self, dock):
            def press():
                heard.pressed += 1

            self.keys = (Key(("Y",), "tries the part", press, "Segment"),)
            heard.part = self

        def add_panels(self, tabs):
            tabs.add(Tab.LESIONS, "Table", panel(QLabel("the table")))

        def show_case(self, session):
            heard.cases.append(session)

        def layers_ready(self):
            heard.ready += 1

        def close(self):
            heard.closed += 1

    monkeypatch.setattr(leakage_widget, "make_parts", lambda dock: (Joined(dock),))
    return heard


def test_a_part_has_a_panel_keys_and_the_case(joined, request):
    grader = request.getfixturevalue("at_work")
    assert "Lesions" in titles(grader.widget.tabs)
    grader.press("Y")
    assert joined.pressed == 1
    assert joined.cases[-1] is grader.session
    assert joined.ready >= 1
    groups = [key.group for key in grader.widget.keys]
    assert groups == sorted(groups, key=groups.index)
    grader.press("H")
    words = [label.text() for label in grader.widget._keys_sheet.findChildren(QLabel)]
    assert words.count("<b>Segment</b>") == 1
    assert "tries the part" in words
    grader.widget.shut_down()
    assert joined.closed == 1


def test_no_key_does_two_things(grader):
    names = [name for key in grader.widget.keys for name in key.keys]
    assert sorted(set(names)) == sorted(names)


def test_an_empty_list_says_how_to_begin_and_gives_way_to_the_cases(grader, folder):
    begin = [b for b in grader.widget.findChildren(QPushButton) if b.text() == "Sample"]
    assert [b.isVisible() for b in begin] == [True]
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    assert not begin[0].isVisible()
    (menu,) = (b for b in grader.widget.findChildren(QPushButton) if b.text() == "Open")
    (sample,) = (a for a in menu.menu().actions() if a.text() == "Sample")
    sample.trigger()
    grader.wait(lambda: grader.session.frame.name == "sample", "the sample")


def test_save_and_export_are_seen_in_every_tab(at_work):
    tabs = at_work.widget.tabs
    for index in range(tabs.count()):
        tabs.setCurrentIndex(index)
        shown = {
            b.text() for b in at_work.widget.findChildren(QPushButton) if b.isVisible()
        }
        assert {"Save", "Export", "Keys"} <= shown


def test_a_folded_section_says_who_grades(at_work):
    heads = {b.accessibleName(): b for b in at_work.widget.findChildren(QToolButton)}
    at_work.widget.labels.grader.setText("")
    assert "no grader code" in heads["Labels"].text()
    assert not at_work.widget.labels.grader.isVisible()
    at_work.widget.labels.grader.setText("g-07")
    assert heads["Labels"].text() == "Labels (grader g-07)"


def test_every_panel_fits_into_the_narrow_dock(at_work):
    scroll_bar = 20  # and the margins of the tab
    wide = {
        section.title: section.minimumSizeHint().width()
        for section in at_work.widget.findChildren(Section)
        if section.minimumSizeHint().width() > WIDTH - scroll_bar
    }
    assert wide == {}


def test_a_review_takes_the_room_of_the_proposal(at_work):
    def shown():
        return {
            section.title
            for section in at_work.widget.findChildren(Section)
            if section.isVisible()
        }

    assert "Prompt and proposal" in shown()
    at_work.press("S")
    at_work.wait(lambda: "Suggested lesions" in shown(), "the review")
    assert "Prompt and proposal" not in shown()
    at_work.press("R", shift=True)
    at_work.look()
    assert "Prompt and proposal" in shown()
    assert "Suggested lesions" not in shown()
