"""Whatever the dock has to say, nothing in it moves under the grader's hand."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QDockWidget,
    QPushButton,
    QScrollBar,
    QTabBar,
)

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.guide_part import GuidePart
from napari_mae_sam2._qt.message_bar import MessageBar
from napari_mae_sam2.annotate.annotator import Readiness

WIDTHS = (330, 420, 600)
SIZES = ((1100, 640), (1280, 720), (1900, 1000))
SENTENCES = (
    "Saved.",
    "Saved in /home/grader/a study with a long name/leakage-study, revision 0012.",
    "eye 2 could not be saved: the disk is full. Your labels are kept in the window. "
    "Choose another folder for the labels, or close again to lose what you did. " * 3,
    "W" * 300,
)


def places(dock):
    """Where everything stands that a grader may aim at, outside of notices."""
    notices = [*dock.findChildren(MessageBar), tour_of(dock).panel]
    stop = dock.segment._stop
    found = {}
    for kind in (QAbstractButton, QAbstractSlider, QTabBar):
        for one in dock.findChildren(kind):
            aimed_at = one.isVisible() and not isinstance(one, QScrollBar)
            in_notice = any(notice.isAncestorOf(one) for notice in notices)
            if aimed_at and not in_notice and one is not stop:
                corner = one.mapToGlobal(QPoint(0, 0))
                found[one] = (corner.x(), corner.y(), one.width(), one.height())
    return found


def tour_of(dock):
    (part,) = (p for p in dock.parts if isinstance(p, GuidePart))
    return part


def moved(before, dock):
    """Name what stands elsewhere now; what was hidden meanwhile is not aimed at."""
    after = places(dock)
    return {
        one.text() if hasattr(one, "text") else type(one).__name__: (place, after[one])
        for one, place in before.items()
        if one in after and after[one] != place
    }


@pytest.fixture(params=[(*size, width) for size in SIZES for width in WIDTHS][::4])
def wide(request, at_work):
    """A grader at a dock as wide as this."""
    *size, width = request.param
    return widened(at_work, size, width)


def widened(grader, size, width):
    grader.window.resize(*size)
    dock = grader.widget.parent()
    while not isinstance(dock, QDockWidget):
        dock = dock.parent()
    grader.window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
    grader.settle(0.3)
    assert abs(grader.widget.width() - width) < 40
    return grader


def test_a_message_moves_nothing_in_any_tab(wide):
    dock = wide.widget
    for tab in (Tab.GRADE, Tab.CORRECT, Tab.MODEL):
        dock.tabs.show_tab(tab)
        wide.settle(0.1)
        before, width = places(dock), dock.width()
        for sentence in SENTENCES:
            for say in (dock.messages.tell, dock.messages.warn):
                say(sentence)
                wide.settle(0.03)
                assert dock.messages.text == sentence
                assert dock.messages.isVisible()
                assert moved(before, dock) == {}
                assert dock.width() == width
        dock.messages.clear()
        wide.settle(0.03)
        assert moved(before, dock) == {}


def test_the_tour_and_the_state_of_the_model_move_nothing(at_work):
    grader = widened(at_work, SIZES[1], WIDTHS[0])
    dock = grader.widget
    before = places(dock)
    guide = tour_of(dock)
    assert guide.panel.isVisible()
    guide.end()
    grader.settle(0.05)
    assert not guide.panel.isVisible()
    assert moved(before, dock) == {}
    for state in Readiness:
        dock.segment.show_readiness(state)
        grader.settle(0.02)
        assert moved(before, dock) == {}, state
    guide.panel.offer()
    grader.settle(0.05)
    assert moved(before, dock) == {}


def test_clicks_reviews_and_paint_move_nothing(wide):
    dock = wide.widget
    before = places(dock)
    wide.click((40, 60))
    wide.wait_for_proposal()
    wide.look()
    assert moved(before, dock) == {}
    wide.press("R")
    wide.press("S")
    wide.wait(lambda: wide.session.is_reviewing, "patches")
    wide.look()
    assert "Suggested lesions" in {
        b.accessibleName() for b in dock.findChildren(QAbstractButton) if b.isVisible()
    }
    assert moved(before, dock) == {}
    wide.press("A")
    wide.look()
    assert moved(before, dock) == {}
    wide.press("R")
    wide.look()
    assert moved(before, dock) == {}
    wide.press("P")
    wide.drag([(55, 20), (55, 30)])
    wide.look()
    assert moved(before, dock) == {}


def test_one_accept_and_one_reject_at_a_time(at_work):
    def shown(text):
        found = at_work.widget.findChildren(QPushButton)
        return [b for b in found if b.isVisible() and text in b.text()]

    def one_each():
        return [len(shown(text)) for text in ("(A)", "(R)")] == [1, 1]

    assert one_each()
    at_work.click((40, 60))
    at_work.wait_for_proposal()
    at_work.look()
    assert one_each()
    at_work.press("R")
    at_work.press("S")
    at_work.wait(lambda: at_work.session.is_reviewing, "patches")
    at_work.look()
    assert one_each()
    assert "patch" in shown("(A)")[0].toolTip()
    at_work.push("Accept (A)")
    assert at_work.session.lesion_numbers() == [1]
    at_work.push("Reject (R)")
    assert not at_work.session.is_reviewing


def test_nothing_says_that_there_is_no_proposal_while_a_patch_is_outlined(at_work):
    words = at_work.widget.segment.candidate
    assert words.text() == "No proposal yet"
    at_work.press("S")
    at_work.wait(lambda: at_work.session.is_reviewing, "patches")
    at_work.look()
    assert words.text() == "Suggestion 1 of 2"
    at_work.press("R")
    at_work.look()
    assert words.text() == "Suggestion 1 of 1"
    at_work.press("R")
    at_work.look()
    assert words.text() == "No proposal yet"


def test_a_message_gives_way_to_the_tour_and_the_tour_to_the_model(at_work):
    dock, guide = at_work.widget, tour_of(at_work.widget)
    dock.messages.warn("Something went wrong.")
    assert dock.messages.isVisible()
    assert not guide.panel.isVisible()
    guide.end()  # while it is not seen
    dock.messages.clear()
    assert not guide.panel.isVisible()
    assert dock.segment.status.isVisible()
    assert dock.segment.state.isVisible()


def test_good_news_fades_and_a_warning_stays(at_work, monkeypatch):
    bar = at_work.widget.messages
    bar._fading.setInterval(30)
    bar.tell("Saved.")
    at_work.wait(lambda: bar.text == "", "the end of the message", 5)
    bar.tell("Saved.")
    bar.warn("The disk is full.")
    at_work.settle(0.2)
    assert bar.text == "The disk is full."
