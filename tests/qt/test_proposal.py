"""Freehand prompts, candidates, cut-off and preview as a grader uses them."""

from __future__ import annotations

import pytest

from napari_mae_sam2._qt.prompt_mouse import Drag
from napari_mae_sam2._qt.proposal_part import ProposalPart

TOP, SIDE = (10, 12), (40, 60)


@pytest.fixture
def part(at_work):
    (found,) = (p for p in at_work.widget.parts if isinstance(p, ProposalPart))
    return found


def test_a_drag_is_a_scribble_with_either_button_s_meaning(at_work, part):
    at_work.press("D", shift=True)
    assert part.panel.drag is Drag.SCRIBBLE
    at_work.drag([(40, 52), (40, 60), (40, 68)])
    clicks = at_work.session.draft.clicks
    assert len(clicks) > 1
    assert all(click.positive for click in clicks)
    assert at_work.wait_for_proposal()[SIDE]
    at_work.look()
    assert not at_work.widget.layers.drawn.isVisible()
    at_work.press("T")
    at_work.drag([(45, 52), (45, 60), (45, 68)])
    assert not at_work.wait_for_proposal()[SIDE]
    at_work.press("Z")
    at_work.press("Z")
    assert at_work.session.draft.is_empty
    # A click is a click whatever a drag is.
    at_work.press("T")
    at_work.click(TOP)
    assert len(at_work.session.draft.clicks) == 1


def test_a_drag_is_a_lasso(at_work, part):
    part.panel.drags[Drag.LASSO].click()
    at_work.drag([(27, 47), (27, 73), (53, 73), (53, 47), (28, 47)])
    draft = at_work.session.draft
    assert len(draft.boxes) == 1
    assert draft.boxes[0].top == pytest.approx(27, abs=1.5)
    assert (draft.earlier > 0).any()
    assert at_work.wait_for_proposal()[SIDE]
    assert at_work.session.undo() == "lasso"
    at_work.drag([(-9, -9), (-9, -2), (-2, -9)])
    assert at_work.session.draft.is_empty


def test_candidates_are_small_pictures_that_show_theirs_at_once(at_work, part):
    strip = part.panel.candidates
    assert not any(made.isVisible() for made in strip.buttons)
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.look()
    assert [made.text() for made in strip.buttons] == ["0.90", "0.50", "0.10"]
    assert [made.isChecked() for made in strip.buttons] == [True, False, False]
    strip.buttons[2].click()
    assert at_work.session.proposal.chosen == 2
    assert not at_work.session.proposal.mask().any()
    at_work.press("Q")
    at_work.look()
    assert strip.buttons[0].isChecked()
    at_work.press("R")
    at_work.look()
    assert not any(made.isVisible() for made in strip.buttons)


def test_the_cut_off_is_seen_at_once_and_committed(at_work, part):
    assert not part.panel.cut_off.isEnabled()
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press(".")  # a key may come before the slider has followed
    at_work.press(",")
    at_work.look()
    assert part.panel.sure.text() == "50 %"
    for _ in range(5):
        at_work.press(".")
    assert not at_work.session.proposal.mask().any()
    for _ in range(10):
        at_work.press(",")
    assert at_work.session.proposal.mask().all()
    part.panel.cut_off.setValue(0)
    assert at_work.session.proposal.mask().sum() == 150
    part.panel.cut_off.setValue(-8)
    at_work.press("C")
    assert at_work.session.labels.all()
    at_work.look()
    assert part.panel.cut_off.value() == 0
    assert part.panel.sure.text() == "50 %"


def test_a_painted_lesion_is_redrawn_by_the_model(at_work, part):
    at_work.session.labels[34:46, 54:66] = 5
    at_work.session.painted()
    at_work.press("L")
    at_work.click(SIDE)
    at_work.press("L", shift=True)
    assert at_work.widget.layers.is_prompting
    at_work.wait_for_proposal()
    at_work.press("C")
    assert at_work.session.labels[31, 51] == 5
    assert at_work.session.lesion_numbers() == [5]
    at_work.widget.layers.choose_label(9)
    at_work.press("L", shift=True)
    assert "Pick the lesion first" in at_work.widget.messages.text


def test_a_click_is_previewed_only_where_the_grader_likes_that(at_work, part, qtbot):
    def preview():
        layers = at_work.viewer.layers
        return layers["preview"] if "preview" in layers else None

    def move(place):
        qtbot.mouseMove(at_work.canvas, at_work.point(place))
        at_work.settle(0.1)

    move(SIDE)
    assert preview() is None
    part.hovering.on.click()
    move((41, 61))
    at_work.wait(lambda: preview() is not None and preview().data.any(), "a preview")
    assert preview().data.sum() == 400
    assert tuple(preview().translate) == (30, 50)
    assert at_work.session.draft.is_empty
    assert at_work.widget.layers.is_prompting
    at_work.click(TOP)
    at_work.wait(lambda: not preview().data.any(), "the preview to go")
    part.hovering.on.click()
    assert preview() is None


def test_what_a_drag_draws_is_remembered(at_work, part):
    part.panel.drags[Drag.LASSO].click()
    assert at_work.widget.preferences.text("a drag is a", "") == "lasso"
    part.panel.next_drag()
    assert part.panel.drag is Drag.BOX
    at_work.drag([(28, 45), (40, 60), (52, 73)])
    assert len(at_work.session.draft.boxes) == 1
