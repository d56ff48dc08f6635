"""Two versions of a case in the same place, one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from grey import GreyPredictor, make_frame

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.flicker import Flicker
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.annotate.versions import (
    IN_HAND,
    IN_USE,
    Source,
    checkpoint_at,
    predictions_at,
)
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.predict.answer import answer_frame
from napari_mae_sam2.predict.results import FrameRecord, Results
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord


class Brighter(GreyPredictor):
    """Calls fewer pixels leakage: the brighter patch alone."""

    def decode(self, embedding, prompts):
        found = super().decode(embedding, prompts)
        found.grid[0] -= 50
        return found


@pytest.fixture
def annotator(inbox, predictor):
    made = Annotator(inbox.post, lambda choice, tell: predictor)
    made.load_model()
    inbox.run_until(lambda: made.predictor is predictor)
    yield made
    made.close()


@pytest.fixture
def flicker(annotator, inbox):
    def open_model(path):
        if path.suffix != ".safetensors":
            raise PlainError(f"{path.name} is no checkpoint.")
        return Brighter("brighter")

    made = Flicker(annotator, open_model, inbox.post)
    made.said = []
    made.warned.connect(made.said.append)
    yield made
    made.close()


@pytest.fixture
def at_case(annotator, flicker, study):
    def go(frame, **place):
        session = CaseSession(frame)
        annotator.open(session)
        flicker.follow(session, LabelPlace(study, **place))
        return session

    return go


def square(size, frame):
    labels = np.zeros(frame.shape, np.uint16)
    labels[:size, :size] = 1
    return labels


def save(study, frame, labels, grader="AB", parent=None):
    place = Study.open_or_create(study)
    model = ModelRecord(name="round 2", fingerprint="f")
    return place.save_revision(
        frame, labels, grader=grader, parent=parent, model=model
    ).id


def test_saved_labels_are_told_apart_and_compared_with_the_labels_now(
    at_case, flicker, inbox, study, frame
):
    first = save(study, frame, square(10, frame))
    save(study, frame, square(20, frame), "CD", first)
    session = at_case(frame)
    assert not flicker.masks  # nothing is read until it is asked for
    flicker.swap()
    inbox.run_until(lambda: bool(flicker.masks))
    assert flicker.is_on
    newest, oldest = (v for v in flicker.offered if v.source is Source.REVISION)
    assert newest.name.startswith("Saved 2 · CD · ")
    assert newest.name.endswith(" · round 2")
    assert flicker.chosen == (newest, IN_HAND)
    assert [int(mask.sum()) for mask in flicker.masks] == [400, 0]
    flicker.choose(1, oldest)
    inbox.run_until(lambda: flicker.chosen[1] == oldest)
    assert flicker.overlap.dice == pytest.approx(2 * 100 / 500)
    assert flicker.side == 1
    flicker.swap()
    assert flicker.side == 0
    assert not session.labels.any()


def test_a_damaged_record_is_left_out_and_the_others_are_compared(
    at_case, flicker, inbox, study, frame
):
    first = save(study, frame, square(10, frame))
    second = save(study, frame, square(20, frame), parent=first)
    folder = Study.open(study).revision_folder(case_id(frame), second)
    (folder / "revision.json").write_text("{")
    at_case(frame)
    flicker.turn(True)
    inbox.run_until(lambda: bool(flicker.masks))
    assert [one.which for one in flicker.offered[2:]] == [first]
    assert int(flicker.masks[0].sum()) == 100


def test_labels_now_are_a_copy_of_what_the_brush_goes_on_with(
    at_case, flicker, inbox, frame
):
    session = at_case(frame)
    flicker.turn(True)
    inbox.run_until(lambda: bool(flicker.masks))
    assert flicker.chosen == (IN_USE, IN_HAND)
    assert [int(mask.sum()) for mask in flicker.masks] == [550, 0]
    session.labels[:5] = 1
    assert not flicker.masks[1].any()
    flicker.turn(False)
    flicker.turn(True)
    inbox.run_until(lambda: bool(flicker.masks))
    assert flicker.masks[1].any()


def test_another_model_goes_along_to_the_next_case_and_saved_labels_do_not(
    at_case, flicker, inbox, study, frame, tmp_path
):
    save(study, frame, square(10, frame))
    at_case(frame)
    flicker.choose(1, checkpoint_at(tmp_path / "round 3.safetensors"))
    inbox.run_until(lambda: bool(flicker.masks))
    assert flicker.side == 1  # what was chosen is seen
    assert flicker.chosen[0].source is Source.REVISION
    assert int(flicker.masks[1].sum()) == 150
    at_case(make_frame("two", seed=1))
    assert not flicker.masks  # what was of the case before is gone at once
    inbox.run_until(lambda: bool(flicker.masks))
    assert [one.name for one in flicker.chosen] == ["Model in use", "Model · round 3"]
    assert [int(mask.sum()) for mask in flicker.masks] == [550, 150]


def test_a_folder_of_predictions_is_read_or_says_what_it_lacks(
    at_case, flicker, inbox, frame, tmp_path
):
    folder = tmp_path / "predicted"
    results = Results.create(folder, ModelRecord(name="old", fingerprint="o"))
    model = Brighter()
    answer = answer_frame(model, frame, (), model.encode(frame.pixels))
    numbers = ("area_px", "field_px", "field_share", "lesions", "score", "uncertainty")
    more = ("doubt", "spread", "dye", "sharpness", "brightness", "burnt")
    record = FrameRecord(
        id=case_id(frame),
        name=frame.name,
        source="frame.png",
        frame_sha256=frame.sha256,
        shape=frame.shape,
        flags=[],
        **dict.fromkeys((*numbers, *more), 0),
    )
    results.write(record, frame, answer)
    at_case(frame)
    flicker.choose(0, predictions_at(folder))
    inbox.run_until(lambda: bool(flicker.masks))
    assert int(flicker.masks[0].sum()) == 150
    at_case(make_frame("two", seed=1))
    inbox.run_until(lambda: bool(flicker.said))
    said = "predicted holds no prediction of two: predict it there first."
    assert flicker.said == [said]
    assert not flicker.is_on


def test_what_cannot_be_read_is_no_longer_offered(
    at_case, flicker, inbox, frame, tmp_path
):
    at_case(frame)
    flicker.choose(0, checkpoint_at(tmp_path / "notes.txt"))
    inbox.run_until(lambda: bool(flicker.said))
    assert flicker.said == ["notes.txt is no checkpoint."]
    assert flicker.offered == (IN_HAND, IN_USE)
    flicker.turn(True)
    inbox.run_until(lambda: bool(flicker.masks))


def test_a_blinded_reading_is_offered_nothing_that_was_found_before(
    at_case, flicker, inbox, study, frame
):
    save(study, frame, square(10, frame), "AB")
    at_case(frame, case=case_id(frame), reading="0123abcd")
    flicker.turn(True)
    inbox.run_until(lambda: bool(flicker.masks))
    assert flicker.offered == (IN_HAND, IN_USE)
