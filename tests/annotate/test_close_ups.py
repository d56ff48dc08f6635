"""A grader who zooms into a large frame, without a window."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from grey import GreyPredictor

from napari_mae_sam2.annotate.annotator import Annotator, Readiness
from napari_mae_sam2.annotate.draft import Box, Click, Draft
from napari_mae_sam2.annotate.review import Patch
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.pixels import check_pixels
from napari_mae_sam2.fa.placed_mask import PlacedMask

SEEN = CloseUp(200, 300, 260, 360)
LESION = (slice(225, 235), slice(325, 335))


@pytest.fixture
def frame():
    pixels = np.random.default_rng(0).integers(20, 24, (400, 600)).astype(np.uint8)
    pixels[LESION] = 200
    pixels[40:60, 40:60] = 200
    return Frame(pixels, "wide", None, pixel_sha256(pixels))


class Small(GreyPredictor):
    """Sees 100 pixels a side, and can be held up at parts of a frame alone."""

    image_size = 100

    def __init__(self, hold=None):
        super().__init__()
        self._hold_parts = hold

    def encode(self, pixels, cancelled=None, *, keep=True):
        check_pixels(pixels, "The part")
        self._hold = self._hold_parts if pixels.shape != (400, 600) else None
        return super().encode(pixels, cancelled)


@pytest.fixture
def hold():
    return threading.Event()


@pytest.fixture
def predictor(hold):
    return Small(hold)


@pytest.fixture
def annotator(inbox, predictor, session):
    made = Annotator(inbox.post, lambda _choice, _tell: predictor)
    made.load_model()
    made.open(session)
    inbox.run_until(lambda: made.readiness is Readiness.READY)
    yield made
    predictor._hold_parts.set()
    made.close()


@pytest.fixture
def session(frame):
    return CaseSession(frame)


def ready(annotator):
    return lambda: annotator.close_up[1]


def test_clicks_use_the_close_up_and_the_answer_lies_in_the_frame(
    annotator, inbox, session, predictor, hold
):
    hold.set()
    annotator.look_at(SEEN)
    inbox.run_until(ready(annotator))
    close_up = annotator.close_up[0]
    session.click(230, 330)
    inbox.run_until(lambda: session.proposal is not None)
    assert session.draft.close_up == close_up
    assert predictor.asked[-1].points[0] == pytest.approx(
        (230 - close_up.top, 330 - close_up.left)
    )
    mask = session.proposal.mask()
    assert mask.shape == (400, 600)
    assert mask[LESION].all()
    assert mask.sum() == 100
    assert session.commit() == 1
    assert (session.labels[LESION] == 1).all()


def test_a_click_waits_for_the_close_up_that_is_being_read(
    annotator, inbox, session, hold
):
    annotator.look_at(SEEN)
    session.click(230, 330)
    assert annotator.readiness is Readiness.CLOSE_UP
    annotator.look_at(CloseUp.whole((400, 600)))  # the view moves on, the click stays
    assert annotator.readiness is Readiness.CLOSE_UP
    hold.set()
    inbox.run_until(lambda: session.proposal is not None)
    assert session.proposal.mask().sum() == 100


def test_a_view_that_moves_on_stops_the_encoder(annotator, inbox, predictor):
    predictor.started.clear()
    annotator.look_at(SEEN)
    assert annotator.readiness is Readiness.READY  # nobody waits for it
    assert predictor.started.wait(5)
    annotator.look_at(CloseUp.whole((400, 600)))
    inbox.run_until(lambda: predictor.stopped == 1)
    assert annotator.close_up == (None, False)


def test_a_click_in_the_whole_frame_is_answered_while_a_close_up_is_read(
    annotator, inbox, session
):
    annotator.look_at(SEEN)
    session.click(50, 50)  # outside of it
    inbox.run_until(lambda: session.proposal is not None)
    assert session.draft.close_up is None
    assert session.proposal.mask()[50, 50]


def test_a_draft_stays_where_it_began(annotator, inbox, session, hold):
    hold.set()
    annotator.look_at(SEEN)
    inbox.run_until(ready(annotator))
    session.click(230, 330)
    inbox.run_until(lambda: session.proposal is not None)
    began = session.draft.close_up
    annotator.look_at(CloseUp.whole((400, 600)))
    session.click(240, 340, positive=False)
    assert session.draft.close_up == began
    assert session.draft.earlier is not None
    inbox.run_until(lambda: session.proposal.draft is session.draft)
    session.click(50, 50)
    assert session.draft.close_up is None
    assert session.draft.earlier is None  # it was about the close-up
    inbox.run_until(lambda: session.proposal.draft is session.draft)
    assert session.proposal.mask()[50, 50]
    session.undo()
    inbox.run_until(lambda: session.proposal.draft is session.draft)
    assert not session.proposal.mask()[50, 50]


def test_it_can_be_turned_off_and_on(annotator, inbox, session, hold):
    hold.set()
    annotator.look_at(SEEN)
    inbox.run_until(ready(annotator))
    annotator.toggle_close_up()
    assert annotator.close_up == (None, False)
    session.click(230, 330)
    assert session.draft.close_up is None
    annotator.toggle_close_up()
    assert annotator.close_up[1]
    session.reject()
    session.click(230, 330)
    assert session.draft.close_up is not None


def test_a_black_part_falls_back_on_the_frame(annotator, inbox, session, hold):
    hold.set()
    session.frame.pixels[0:200, 400:600] = 0
    annotator.look_at(CloseUp(60, 460, 100, 500))
    inbox.run_until(lambda: annotator.close_up == (None, False))
    session.click(80, 480)
    inbox.run_until(lambda: session.proposal is not None)


def test_all_leakage_of_a_large_frame_is_looked_for_in_tiles(
    annotator, inbox, session, predictor, hold
):
    steps = []
    annotator.progressed.connect(lambda *done: steps.append(done))
    session.ask_for_everything()
    assert annotator.readiness is Readiness.SEARCHING
    hold.set()
    inbox.run_until(lambda: session.review is not None and session.review.is_complete)
    assert len(session.review.patches) == 2
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] > 20
    assert annotator.readiness is Readiness.READY
    encoded = len(predictor.encoded)
    session.accept_patch()
    session.undo()
    assert annotator.readiness is Readiness.READY
    assert len(predictor.encoded) == encoded


def test_looking_for_all_leakage_can_be_stopped(annotator, inbox, session, predictor):
    session.ask_for_everything()
    assert annotator.readiness is Readiness.SEARCHING
    annotator.cancel_encoding()
    assert session.draft.is_empty
    assert annotator.readiness is Readiness.READY
    session.click(50, 50)
    inbox.run_until(lambda: session.proposal is not None)


def test_all_leakage_of_what_is_seen(annotator, inbox, session, hold):
    hold.set()
    annotator.look_at(SEEN)
    inbox.run_until(ready(annotator))
    session.ask_for_everything(annotator.close_up[0])
    inbox.run_until(lambda: session.review is not None)
    (patch,) = session.review.patches
    assert patch.mask.on((400, 600))[LESION].all()


def test_what_lies_beside_the_visible_field_is_left_out(
    annotator, inbox, session, hold
):
    hold.set()
    session.ask_for_everything(seen=SEEN)
    inbox.run_until(lambda: session.review is not None)
    (patch,) = session.review.patches
    assert patch.mask.on((400, 600))[LESION].all()


def test_a_patch_reaches_what_has_a_pixel_of_it():
    patch = Patch(PlacedMask(20, 30, np.eye(5, dtype=bool)), 1.0)
    for part in (CloseUp(24, 34, 90, 90), CloseUp(0, 0, 21, 31), CloseUp(0, 0, 90, 90)):
        assert patch.reaches(part)
    for part in (
        CloseUp(25, 0, 90, 90),
        CloseUp(0, 0, 20, 90),
        CloseUp(0, 35, 90, 90),
        CloseUp(0, 0, 90, 30),
        CloseUp(20, 31, 21, 35),
    ):
        assert not patch.reaches(part)


def test_no_leakage_is_said(annotator, inbox, session, hold):
    hold.set()
    said = []
    annotator.told.connect(said.append)
    session.frame.pixels[:] = np.minimum(session.frame.pixels, 30)
    session.ask_for_everything()
    inbox.run_until(lambda: bool(said))
    assert said == ["No leakage found by the model"]


def test_a_draft_moves_only_where_it_must():
    one, other = CloseUp(0, 0, 100, 100), CloseUp(50, 50, 150, 150)
    first = Draft().with_click(Click(60, 60, True), None, one)
    assert first.close_up == one
    assert first.with_click(Click(70, 70, True), None, other).close_up == one
    assert first.with_click(Click(120, 120, True), None, other).close_up == other
    assert first.with_box(Box(20, 20, 120, 120), other).close_up is None
    assert Draft().with_click(Click(10, 10, True), None, other).close_up is None
    whole = Draft().with_click(Click(60, 60, True))
    assert whole.with_click(Click(61, 61, True), None, one).close_up is None
