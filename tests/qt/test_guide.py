"""The guided tour, taken with mouse and keys."""

from __future__ import annotations

import threading

from qtpy.QtWidgets import QPushButton

from napari_mae_sam2._qt.dock_tabs import WIDTH
from napari_mae_sam2._qt.guide_part import OFFERED, GuidePart
from napari_mae_sam2.annotate.guide import STEPS

TOP, SIDE = (10, 12), (40, 60)


def tour_of(grader):
    (part,) = (p for p in grader.widget.parts if isinstance(p, GuidePart))
    return part


def test_the_tour_leads_from_the_offer_to_the_last_word(grader):
    part = tour_of(grader)
    assert part.panel.isVisible()
    assert grader.widget.width() <= WIDTH + 8  # the offer takes no room of the frame
    grader.push("Start tour")
    grader.wait_until_ready()
    assert grader.session.frame.name == "sample"
    texts = []

    def at(number):
        assert part.panel.title.text() == f"Tour: {number} of 8"
        assert part.panel.title.width() >= part.panel.title.sizeHint().width()
        texts.append(part.panel.words.text())

    at(1)
    grader.click(SIDE)
    grader.wait_for_proposal()
    at(2)
    grader.click((2, 40), leakage=False)
    grader.wait_for_proposal()
    at(3)
    grader.press("C")
    at(4)
    grader.press("S")
    grader.wait(lambda: grader.session.is_reviewing, "patches")
    at(5)
    grader.press("A")
    at(6)
    grader.press("P")
    grader.drag([(55, 10), (55, 20)])
    at(7)
    grader.press("Z", control=True)
    at(8)
    grader.press("S")
    grader.press("R", shift=True)
    grader.press("D", alt=True)
    assert texts == [step.text for step in STEPS[:-1]]
    assert part.panel.words.text() == STEPS[-1].text
    grader.push("Close")
    assert not part.panel.isVisible()


def test_one_click_declines_the_offer_for_good(grader):
    part = tour_of(grader)
    grader.push("Not now")
    assert not part.panel.isVisible()
    assert part.guide.step is None
    assert grader.widget.preferences.flag(OFFERED, usual=False)
    again = GuidePart(grader.widget)
    assert again.panel.isHidden()
    again.close()


def test_who_commits_a_lesion_is_not_asked_any_more(at_work):
    part = tour_of(at_work)
    assert part.panel.isVisible()
    at_work.click(TOP)
    at_work.wait_for_proposal()
    assert part.panel.isVisible()
    at_work.press("C")
    assert not part.panel.isVisible()
    assert at_work.widget.preferences.flag(OFFERED, usual=False)


def test_a_tour_leaves_everything_as_it_was(at_work, folder):
    part, desk = tour_of(at_work), at_work.widget.desk
    desk.go(1)
    at_work.wait(lambda: at_work.session.frame.name == "eye 1", "the second case")
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    before = at_work.session
    cases = desk.worklist.cases
    at_work.press("H", shift=True)
    at_work.wait(lambda: at_work.session.frame.name == "sample", "the practice frame")
    at_work.wait_until_ready()
    assert part.guide.step is STEPS[0]
    assert [case.is_practice for case in desk.worklist.cases] == [True]
    at_work.press("P")
    at_work.drag([(30, 30), (30, 40)])
    at_work.press("S", shift=True)
    assert at_work.widget.messages.text == "Nothing is saved during the tour."
    at_work.press("N")
    assert "last case" not in at_work.widget.messages.text
    at_work.push("No leakage")
    assert not desk.has_unsaved
    at_work.press("\x1b")
    assert part.guide.step is None
    assert not part.panel.isVisible()
    at_work.wait(lambda: at_work.widget.session is before, "the case of before")
    assert desk.worklist.cases == cases
    assert desk.worklist.index == 1
    assert before.labels[TOP] == 1
    assert not desk.home.exists()
    at_work.press("H", shift=True)  # and it begins with a clean frame again
    at_work.wait(lambda: at_work.session.frame.name == "sample", "the practice frame")
    assert not at_work.session.labels.any()
    assert part.guide.step is STEPS[0]


def test_opening_cases_ends_the_tour(grader, folder):
    part = tour_of(grader)
    grader.push("Start tour")
    grader.wait_until_ready()
    grader.widget.add_paths([folder])
    grader.wait(lambda: grader.session.frame.name == "eye 0", "the first case")
    assert part.guide.step is None
    names = [case.name for case in grader.widget.desk.worklist.cases]
    assert names == ["eye 0", "eye 1", "eye 2"]


def test_a_step_waits_for_what_it_points_at(grader, models, monkeypatch):
    part = tour_of(grader)
    grader.push("Start tour")
    grader.wait_until_ready()
    hold, decode = threading.Event(), models[None].decode
    monkeypatch.setattr(
        models[None], "decode", lambda *asked: hold.wait(30) and decode(*asked)
    )
    grader.click(SIDE)
    grader.look()
    assert part.guide.step is STEPS[0]  # there is no outline yet
    hold.set()
    grader.wait_for_proposal()
    grader.wait(lambda: part.guide.step is STEPS[1], "the next step")


def test_without_a_tour_escape_is_napari_s_own_while_painting(at_work):
    at_work.press("3")
    at_work.click((30, 10))
    at_work.click((30, 30))
    at_work.press("\x1b")
    at_work.click((45, 20))
    at_work.press("\r")
    assert not at_work.session.labels.any()
    begin = [b.text() for b in at_work.widget.findChildren(QPushButton)]
    assert "Start tour" in begin
