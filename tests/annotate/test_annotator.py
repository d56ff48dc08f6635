from __future__ import annotations

import threading

import pytest
from grey import GreyPredictor, make_frame

from napari_mae_sam2.annotate.annotator import Annotator, Readiness
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.errors import PlainError


@pytest.fixture
def models(predictor):
    return {None: predictor}


@pytest.fixture
def annotator(inbox, models):
    def load(choice, tell):
        if choice not in models:
            raise PlainError(f"{choice} is no checkpoint.")
        return models[choice]

    made = Annotator(inbox.post, load)
    yield made
    made.close()


def ready(annotator):
    return lambda: annotator.readiness is Readiness.READY


def test_a_click_made_while_encoding_is_answered_when_it_is_done(
    annotator, inbox, models, frame
):
    hold = threading.Event()
    models[None] = GreyPredictor(hold=hold)
    annotator.load_model()
    session = CaseSession(frame)
    annotator.open(session)
    inbox.run_until(lambda: annotator.readiness is Readiness.ENCODING)
    session.click(10, 10)
    session.click(12, 12)
    assert session.proposal is None
    hold.set()
    inbox.run_until(lambda: session.proposal is not None)
    assert session.proposal.mask().sum() == 150
    assert len(models[None].asked) == 1


def test_going_back_needs_no_second_encoding(annotator, inbox, predictor):
    annotator.load_model()
    one, two = make_frame("one"), make_frame("two", seed=1)
    for each in (one, two, one):
        annotator.open(CaseSession(each))
        inbox.run_until(ready(annotator))
    assert predictor.encoded == [one.sha256, two.sha256]


def test_cancel_stops_the_encoder_and_a_click_resumes(annotator, inbox, models, frame):
    hold = threading.Event()
    models[None] = GreyPredictor(hold=hold)
    annotator.load_model()
    session = CaseSession(frame)
    annotator.open(session)
    inbox.run_until(lambda: annotator.readiness is Readiness.ENCODING)
    assert models[None].started.wait(5)
    annotator.cancel_encoding()
    assert annotator.readiness is Readiness.CANCELLED
    inbox.run_until(lambda: models[None].stopped == 1)
    hold.set()
    session.click(10, 10)
    inbox.run_until(lambda: session.proposal is not None)


def test_a_bad_model_leaves_the_old_one_in_use(annotator, inbox, predictor, frame):
    said = []
    annotator.failed.connect(said.append)
    annotator.load_model()
    session = CaseSession(frame)
    annotator.open(session)
    inbox.run_until(ready(annotator))
    annotator.load_model("broken.safetensors")
    inbox.run_until(lambda: bool(said))
    assert said == ["broken.safetensors is no checkpoint."]
    assert annotator.predictor is predictor
    session.click(10, 10)
    inbox.run_until(lambda: session.proposal is not None)


def test_a_new_model_answers_the_prompts_that_are_there(
    annotator, inbox, models, frame
):
    annotator.load_model()
    session = CaseSession(frame)
    annotator.open(session)
    session.click(10, 10)
    inbox.run_until(lambda: session.proposal is not None)
    models["new"] = GreyPredictor("newer")
    annotator.load_model("new")
    inbox.run_until(lambda: session.proposal.model == "newer")


def test_a_frame_that_the_model_refuses_is_a_message(annotator, inbox, models, frame):
    class Refusing(GreyPredictor):
        def encode(self, pixels, cancelled=None):
            raise RuntimeError("out of memory")

    models[None] = Refusing()
    said = []
    annotator.failed.connect(said.append)
    annotator.load_model()
    annotator.open(CaseSession(frame))
    inbox.run_until(lambda: annotator.readiness is Readiness.FAILED)
    assert "out of memory" in said[0]


def test_leaving_a_case_stops_its_answers(annotator, inbox, frame):
    annotator.load_model()
    session = CaseSession(frame)
    annotator.open(session)
    inbox.run_until(ready(annotator))
    session.click(10, 10)
    annotator.open(CaseSession(make_frame("other", seed=3)))
    inbox.run_until(ready(annotator))
    assert session.proposal is None


def test_models_that_are_no_longer_used_are_closed(annotator, inbox, models, frame):
    annotator.load_model()
    annotator.open(CaseSession(frame))
    inbox.run_until(ready(annotator))
    old, models["new"] = models[None], GreyPredictor("newer")
    annotator.load_model("new")
    inbox.run_until(lambda: annotator.predictor is models["new"])
    annotator.close()
    assert old.closed
    assert models["new"].closed
