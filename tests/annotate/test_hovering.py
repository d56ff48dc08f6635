from __future__ import annotations

import time

import pytest

from napari_mae_sam2.annotate.annotator import Annotator, Readiness
from napari_mae_sam2.annotate.hovering import Hover
from napari_mae_sam2.annotate.session import CaseSession


@pytest.fixture
def annotator(inbox, predictor, frame):
    made = Annotator(inbox.post, lambda _choice, _tell: predictor)
    made.load_model()
    made.open(CaseSession(frame))
    inbox.run_until(lambda: made.readiness is Readiness.READY)
    yield made
    made.close()


@pytest.fixture
def shown():
    return []


@pytest.fixture
def hover(annotator, inbox, shown):
    made = Hover(annotator, inbox.post)
    made.open(annotator.session)
    made.changed.connect(shown.append)
    yield made
    made.close()


def test_the_place_under_the_mouse_is_previewed_and_changes_nothing(
    hover, annotator, inbox, shown
):
    hover.at(40, 60, True)
    inbox.run_until(lambda: bool(shown))
    assert shown[-1].area == 400
    assert annotator.session.draft.is_empty
    assert annotator.session.proposal is None
    assert len(annotator.session.history) == 0
    hover.leave()
    assert shown[-1] is None


def test_only_the_latest_place_is_shown(hover, inbox, shown, predictor):
    for _ in range(50):
        hover.at(10, 10, True)
    hover.at(40, 60, True)
    inbox.run_until(lambda: bool(shown))
    assert [mask.area for mask in shown] == [400]
    assert len(predictor.asked) < 50


def test_the_preview_builds_on_the_clicks_that_were_made(
    hover, annotator, inbox, shown
):
    annotator.session.click(10, 10)
    inbox.run_until(lambda: annotator.session.proposal is not None)
    hover.at(40, 60, True)
    inbox.run_until(lambda: bool(shown))
    assert shown[-1].area == 550
    hover.at(12, 12, False)
    inbox.run_until(lambda: len(shown) > 1)
    assert shown[-1].area == 0


def test_on_a_patch_in_review_the_preview_corrects_it_as_a_click_does(
    hover, annotator, inbox, shown, predictor
):
    session = annotator.session
    session.ask_for_everything()
    inbox.run_until(lambda: session.review is not None)
    row, column = session.review.patches[0].middle
    hover.at(row, column, False)
    inbox.run_until(lambda: bool(shown) and shown[-1] is not None)
    previewed = predictor.asked[-1]
    session.click(row, column, positive=False)
    inbox.run_until(lambda: session.proposal.draft is session.draft)
    clicked = predictor.asked[-1]
    assert clicked is not previewed
    assert (previewed.mask == clicked.mask).all()
    assert len(session.history) == 3


def test_a_click_takes_the_preview_away(hover, annotator, inbox, shown):
    hover.at(40, 60, True)
    inbox.run_until(lambda: bool(shown))
    annotator.session.click(10, 10)
    assert shown[-1] is None


def test_another_case_has_no_preview_of_the_one_before(
    hover, annotator, inbox, shown, frame
):
    hover.at(40, 60, True)
    hover.open(None)
    time.sleep(0.3)  # long enough for an answer that nobody wants any more
    inbox.post(lambda: None)
    inbox.run_until(lambda: True)
    hover.at(40, 60, True)
    assert not [mask for mask in shown if mask is not None]
