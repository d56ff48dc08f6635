"""Which picture lies over the frame, and what is asked of the model for it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from grey import GreyPredictor, make_frame

from napari_mae_sam2.annotate.annotator import Annotator, Readiness
from napari_mae_sam2.annotate.looking_again import LOOKS
from napari_mae_sam2.annotate.overlay_picture import RAMPS, Kind
from napari_mae_sam2.annotate.overlays import Overlays
from napari_mae_sam2.annotate.session import CaseSession


@pytest.fixture
def models(predictor):
    return {None: predictor, "other": GreyPredictor("other")}


@pytest.fixture
def annotator(inbox, models):
    made = Annotator(inbox.post, lambda choice, tell: models[choice])
    made.load_model()
    yield made
    made.close()


@pytest.fixture
def overlays(annotator, inbox):
    made = Overlays(annotator, inbox.post)
    made.shown = []
    made.changed.connect(made.shown.append)
    yield made
    made.close()


@pytest.fixture
def at_case(annotator, overlays, inbox):
    def go(frame):
        session = CaseSession(frame)
        annotator.open(session)
        overlays.follow(session)
        return session

    return go


def wait_for(inbox, overlays, kind):
    inbox.run_until(lambda: overlays.shown and overlays.shown[-1] is not None)
    assert overlays.shown[-1].kind is kind
    return overlays.shown[-1]


def test_probability_of_all_leakage_needs_no_second_encoding(
    at_case, overlays, inbox, predictor, frame
):
    at_case(frame)
    overlays.choose(Kind.PROBABILITY)
    assert overlays.words == "The model looks at the frame…" or not predictor.encoded
    picture = wait_for(inbox, overlays, Kind.PROBABILITY)
    assert (picture.pixels[10, 10] == RAMPS[Kind.PROBABILITY][255]).all()
    assert picture.pixels[25, 25, 3] == 0
    assert overlays.words == "All leakage, grey"
    assert overlays.done is None
    assert predictor.encoded == [frame.sha256]


def test_uncertainty_looks_again_with_progress_and_is_kept_for_the_case(
    at_case, overlays, inbox, predictor, frame
):
    done = []
    overlays.said.connect(lambda: done.append(overlays.done))
    session = at_case(frame)
    overlays.choose(Kind.UNCERTAINTY)
    wait_for(inbox, overlays, Kind.UNCERTAINTY)
    assert len(predictor.encoded) == len(LOOKS)
    shares = [round(share, 3) for share in done if share]
    assert list(dict.fromkeys(shares)) == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert shares == sorted(shares)
    at_case(make_frame("two", seed=1))
    assert overlays.shown[-1] is None  # what was of the first case is gone at once
    overlays.shown.clear()
    wait_for(inbox, overlays, Kind.UNCERTAINTY)
    overlays.shown.clear()
    at_case(session.frame)
    wait_for(inbox, overlays, Kind.UNCERTAINTY)
    assert len(predictor.encoded) == 2 * len(LOOKS)


def test_what_every_look_says_lies_where_the_frame_has_it(
    at_case, overlays, inbox, frame
):
    """This model knows grey levels alone: looks at a turned frame cannot differ."""
    at_case(frame)
    overlays.choose(Kind.UNCERTAINTY)
    picture = wait_for(inbox, overlays, Kind.UNCERTAINTY)
    assert picture.pixels[..., 3].max() == 0


def test_a_large_frame_is_looked_at_in_tiles(
    at_case, overlays, inbox, predictor, frame
):
    predictor.image_size = 48  # the frame of 60 x 80 takes four tiles
    done = []
    overlays.said.connect(lambda: done.append(overlays.done))
    at_case(frame)
    overlays.choose(Kind.PROBABILITY)
    picture = wait_for(inbox, overlays, Kind.PROBABILITY)
    assert picture.pixels.shape == (60, 80, 4)
    assert picture.pixels[10, 12, 3] > 100
    assert picture.pixels[25, 30, 3] == 0
    assert {0.25, 0.5, 0.75} <= set(done)
    # The tiles, and the frame itself for clicks.
    assert len(predictor.encoded) == 5


def test_another_case_drops_what_was_under_way(
    at_case, overlays, inbox, models, annotator
):
    hold = threading.Event()
    models[None] = GreyPredictor(hold=hold)
    annotator.load_model()
    inbox.run_until(lambda: annotator.predictor is models[None])
    at_case(make_frame("one"))
    overlays.choose(Kind.UNCERTAINTY)
    assert models[None].started.wait(5)
    two = make_frame("two", seed=1)
    at_case(two)
    inbox.run_until(lambda: models[None].stopped == 1)
    hold.set()
    wait_for(inbox, overlays, Kind.UNCERTAINTY)
    assert models[None].encoded[0] == two.sha256
    assert len(models[None].encoded) == len(LOOKS)


def test_none_stops_the_looks(at_case, overlays, inbox, models, annotator, frame):
    at_case(frame)
    inbox.run_until(lambda: annotator.readiness is Readiness.READY)
    overlays.choose(Kind.UNCERTAINTY)
    overlays.choose(Kind.NONE)
    inbox.run_until(lambda: True)
    assert overlays.shown[-1] is None
    assert overlays.words == ""
    assert len(models[None].encoded) <= 2


def test_a_draft_in_hand_is_shown_in_its_place_and_its_candidates_disagree(
    at_case, overlays, inbox, predictor, frame
):
    session = at_case(frame)
    session.click(10, 10)
    inbox.run_until(lambda: session.proposal is not None)
    overlays.choose(Kind.UNCERTAINTY)
    picture = wait_for(inbox, overlays, Kind.UNCERTAINTY)
    assert overlays.words == "Of the draft in hand"
    assert picture.pixels[10, 10, 3] > 0
    assert predictor.encoded == [frame.sha256]
    overlays.choose(Kind.PROBABILITY)
    overlays.shown.clear()
    picture = wait_for(inbox, overlays, Kind.PROBABILITY)
    # Logits of the preferred candidate: 1 under the click, -1 elsewhere.
    sure, not_sure = picture.pixels[10, 10], picture.pixels[40, 60]
    assert (sure == RAMPS[Kind.PROBABILITY][186]).all()
    assert (not_sure == RAMPS[Kind.PROBABILITY][69]).all()


def test_model_against_label_counts_and_leaves_the_labels_alone(
    at_case, overlays, inbox, frame
):
    session = at_case(frame)
    labels = np.zeros(frame.shape, np.uint16)
    labels[5:15, 5:20] = 1
    session.edit("draw", labels)
    overlays.choose(Kind.AGAINST_LABEL)
    overlap = wait_for(inbox, overlays, Kind.AGAINST_LABEL).overlap
    assert (overlap.both, overlap.alone, overlap.missed) == (150, 400, 0)
    assert (session.labels == labels).all()
    session.labels[:] = 0
    session.painted()
    overlays.shown.clear()
    overlays.refresh()
    assert wait_for(inbox, overlays, Kind.AGAINST_LABEL).overlap.both == 0


def test_another_model_answers_anew(at_case, overlays, inbox, annotator, frame):
    at_case(frame)
    overlays.choose(Kind.PROBABILITY)
    wait_for(inbox, overlays, Kind.PROBABILITY)
    annotator.load_model("other")
    inbox.run_until(lambda: overlays.words == "All leakage, other")


def test_a_model_that_fails_says_so_and_shows_nothing(
    at_case, overlays, inbox, predictor, frame, monkeypatch
):
    said = []
    overlays.failed.connect(said.append)

    def refuse(*_):
        raise RuntimeError("no memory")

    at_case(frame)
    monkeypatch.setattr(predictor, "decode", refuse)
    overlays.choose(Kind.PROBABILITY)
    inbox.run_until(lambda: bool(said))
    assert said == ["The model cannot answer on frame: no memory."]
    assert overlays.kind is Kind.NONE


def test_the_key_steps_through_the_kinds(at_case, overlays, frame):
    at_case(frame)
    seen = []
    for _ in Kind:
        overlays.step()
        seen.append(overlays.kind)
    assert seen == [*list(Kind)[1:], Kind.NONE]
