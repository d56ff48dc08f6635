"""A grader judges what was found without a click, and looks closely, in the window."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from grey import GreyPredictor, make_frame
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

TOP, SIDE = (10, 12), (40, 60)
WIDE = (600, 900)
LESION = (slice(300, 310), slice(440, 450))


def find_all(grader):
    grader.press("S")
    grader.wait(lambda: grader.session.is_reviewing, "patches")
    grader.look()


def shown(grader, place):
    return grader.widget.layers.proposal.get_value(place, world=True) == 1


def panel(grader):
    (part,) = (p for p in grader.widget.parts if type(p).__name__ == "ReviewPart")
    return part.panel


def test_patches_are_judged_one_by_one_with_keys(at_work):
    assert not panel(at_work).isVisible()
    find_all(at_work)
    assert panel(at_work).isVisible()
    assert panel(at_work).words.text().startswith("1 of 2: score 1.00")
    assert shown(at_work, TOP) != shown(at_work, SIDE)
    found = at_work.viewer.layers["found"]
    assert found.data[TOP] == found.data[SIDE] == 1
    first = SIDE if shown(at_work, SIDE) else TOP
    other = TOP if first == SIDE else SIDE
    at_work.canvas.setFocus()
    QTest.keyClick(at_work.canvas, Qt.Key.Key_Right)
    at_work.settle(0.02)
    assert shown(at_work, other)
    at_work.press("R")
    assert shown(at_work, first)
    at_work.press("A")
    assert at_work.session.labels[first] == 1
    assert at_work.session.labels[other] == 0
    at_work.look()
    assert not panel(at_work).isVisible()
    assert not found.visible
    assert not at_work.widget.layers.proposal.data.any()
    at_work.press("Z")
    at_work.press("Z")
    at_work.look()
    assert panel(at_work).words.text().startswith("2 of 2")
    assert not at_work.session.labels.any()


def test_all_above_a_score_with_a_live_count(at_work):
    find_all(at_work)
    assert "Accept 2" in panel(at_work).accept_all.text()
    scores = [patch.score for patch in at_work.session.review.patches]
    panel(at_work).score.setValue(1.0)
    assert "Accept 2" in panel(at_work).accept_all.text() or min(scores) < 1.0
    panel(at_work).score.setValue(0.5)
    at_work.press("A", shift=True)
    assert at_work.session.lesion_numbers() == [1, 2]
    at_work.press("Z")
    at_work.press("R", shift=True)
    assert at_work.session.review is None


@pytest.fixture
def small_next(at_work, folder):
    """The grader who found patches in the first case, and went on to a small one."""
    dark = make_frame(seed=5).pixels[:35, :45] // 2
    Image.fromarray(dark).save(folder / "eye 0b.png")
    desk = at_work.widget.desk
    desk.open_paths([folder])
    at_work.wait(lambda: len(desk.worklist.cases) == 4, "the list")
    at_work.wait_until_ready()
    find_all(at_work)
    at_work.press("N")
    at_work.wait_until_ready()
    assert at_work.session.frame.shape == (35, 45)
    return at_work


def test_a_small_frame_fills_the_view_after_patches_of_a_larger_one(small_next):
    camera = small_next.viewer.scene.camera
    assert camera.center[-2:] == pytest.approx((17, 22))
    small_next.look()
    small_next.viewer.reset_view()  # as napari's Home does
    assert camera.center[-2:] == pytest.approx((17, 22))


def test_where_nothing_is_found_nothing_is_waited_for(small_next, models, monkeypatch):
    decode, answer = models[None].decode, threading.Event()
    monkeypatch.setattr(
        models[None], "decode", lambda *asked: (answer.wait(20), decode(*asked))[1]
    )
    small_next.press("S")
    small_next.look()
    said = small_next.widget.segment.candidate
    assert said.text() == "Waiting for the model…"
    answer.set()
    small_next.wait(lambda: bool(small_next.widget.messages.text), "the answer")
    small_next.look()
    assert said.text() == "No proposal yet"


def test_a_patch_is_edited_with_clicks(at_work):
    find_all(at_work)
    place = SIDE if shown(at_work, SIDE) else TOP
    at_work.press("E")
    at_work.settle(0.1)
    assert shown(at_work, place)
    assert not at_work.viewer.layers["found"].visible
    at_work.click((2, 60))
    assert at_work.wait_for_proposal()[2, 60]
    at_work.press("R")
    assert at_work.session.is_reviewing
    at_work.look()
    assert at_work.widget.layers.drawn.isVisible()  # the box round the next patch
    at_work.press("R")
    at_work.press("E")
    assert at_work.widget.layers.leakage.mode == "erase"


@pytest.fixture
def wide(grader, models, tmp_path):
    """A frame that is much larger than what the encoder sees, in hand."""
    models[None].image_size = 128
    pixels = np.random.default_rng(0).integers(20, 24, WIDE).astype(np.uint8)
    pixels[LESION] = 200
    pixels[40:60, 40:60] = 200
    (tmp_path / "wide").mkdir()
    Image.fromarray(pixels).save(tmp_path / "wide" / "wide.png")
    grader.widget.open_paths([tmp_path / "wide"])
    grader.wait_until_ready()
    return grader


def zoom_in(grader, place=(305, 445), zoom=6.0):
    grader.viewer.scene.camera.center = (0.0, *place)
    grader.viewer.scene.camera.zoom = zoom


def frame_shown(grader):
    return any(
        layer.name == "full resolution" and layer.visible
        for layer in grader.viewer.layers
    )


def test_zooming_in_reads_what_is_seen_and_shows_its_frame(wide):
    annotator = wide.widget.desk.annotator
    assert not frame_shown(wide)
    zoom_in(wide)
    wide.wait(lambda: annotator.close_up[1], "the close-up")
    assert frame_shown(wide)
    assert wide.widget.layers.is_prompting  # its layer takes no click
    wide.click((305, 445))
    mask = wide.wait_for_proposal()
    assert wide.session.draft.close_up == annotator.close_up[0]
    assert mask[LESION].all()
    assert mask.sum() == 100
    # The click does not hide what was clicked on.
    wide.look()
    assert wide.widget.layers.prompts.size[0] < 3
    assert shown(wide, (305, 445))
    wide.press("C")
    assert wide.session.labels[LESION].all()
    wide.viewer.reset_view()
    wide.wait(lambda: not frame_shown(wide), "the whole frame")


def test_w_turns_it_off_and_on(wide):
    annotator = wide.widget.desk.annotator
    wide.press("W")
    assert "Zoom in" in wide.widget.messages.text
    zoom_in(wide)
    wide.wait(lambda: annotator.close_up[1], "the close-up")
    wide.press("W")
    assert not frame_shown(wide)
    zoom_in(wide, (100, 100))
    wide.settle(0.5)
    assert not frame_shown(wide)
    wide.press("W")
    wide.wait(lambda: annotator.close_up[1], "the close-up")
    assert annotator.close_up[0].contains(100, 100)


def test_all_leakage_of_a_wide_frame_shows_progress_and_flies_to_it(wide):
    zoom_in(wide, (500, 800), 12.0)
    find_all(wide)
    wide.settle(0.3)
    row, column = wide.session.review.current.middle
    (top, left), (bottom, right) = wide.widget.layers.frame.corner_pixels
    assert top <= row <= bottom
    assert left <= column <= right
    assert len(wide.session.review.patches) == 2


def test_all_leakage_in_what_is_seen(wide):
    annotator = wide.widget.desk.annotator
    zoom_in(wide)
    wide.wait(lambda: annotator.close_up[1], "the close-up")
    wide.press("X")
    wide.wait(lambda: wide.session.is_reviewing, "patches")
    (patch,) = wide.session.review.patches
    assert patch.mask.on(WIDE)[LESION].all()
    assert isinstance(annotator.predictor, GreyPredictor)
