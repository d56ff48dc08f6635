from __future__ import annotations

import threading

import numpy as np
import pytest
from grey import GreyPredictor, make_frame
from PIL import Image

from napari_mae_sam2.annotate.ahead import CASES
from napari_mae_sam2.annotate.annotator import Annotator, Readiness
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.places import Places

COUNT = CASES + 3


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "frames"
    made.mkdir()
    for number in range(COUNT):
        pixels = make_frame(seed=number).pixels
        Image.fromarray(pixels).save(made / f"{number}.png")
    return made


@pytest.fixture
def hold():
    return threading.Event()


@pytest.fixture
def predictor(hold):
    return GreyPredictor(hold=hold)


@pytest.fixture
def desk(inbox, predictor, tmp_path, hold):
    annotator = Annotator(inbox.post, lambda _choice, _tell: predictor)
    state = tmp_path / "state"
    made = Desk(annotator, inbox.post, Places(), tmp_path / "labels", state)
    annotator.load_model()
    yield made
    hold.set()
    made.close()


def hashes(count):
    return [make_frame(seed=number).sha256 for number in range(count)]


def ready(desk, name):
    annotator = desk.annotator
    return lambda: (
        annotator.session is not None
        and annotator.session.frame.name == name
        and annotator.readiness is Readiness.READY
    )


def test_the_case_in_hand_comes_first_and_then_the_next_ones(
    desk, inbox, predictor, folder, hold
):
    hold.set()
    desk.open_paths([folder])
    inbox.run_until(lambda: len(predictor.encoded) == CASES + 1)
    # Cases ahead may begin before the first case is read, but never end before it.
    assert sorted(predictor.encoded) == sorted(hashes(CASES + 1))
    inbox.run_until(ready(desk, "0"))
    desk.step(1)
    inbox.run_until(ready(desk, "1"))
    inbox.run_until(lambda: len(predictor.encoded) == CASES + 2)
    assert len(set(predictor.encoded)) == CASES + 2  # nothing twice


def test_a_case_that_was_read_ahead_answers_without_the_encoder(
    desk, inbox, predictor, folder, hold
):
    hold.set()
    desk.open_paths([folder])
    inbox.run_until(lambda: len(predictor.encoded) == CASES + 1)
    hold.clear()
    desk.step(1)
    inbox.run_until(ready(desk, "1"))
    desk.session.click(10, 10)
    inbox.run_until(lambda: desk.session.proposal is not None)


def test_what_the_grader_asks_for_stops_reading_ahead(
    desk, inbox, predictor, folder, hold
):
    hold.set()
    desk.open_paths([folder])
    inbox.run_until(ready(desk, "0"))
    inbox.run_until(lambda: len(predictor.encoded) == CASES + 1)
    hold.clear()
    predictor.started.clear()
    desk.go(1)  # one more case to be read ahead
    inbox.run_until(ready(desk, "1"))
    assert predictor.started.wait(5)
    desk.go(COUNT - 1)  # not read yet
    inbox.run_until(lambda: predictor.stopped == 1)
    hold.set()
    inbox.run_until(ready(desk, str(COUNT - 1)))


def test_it_can_be_switched_off(desk, inbox, predictor, folder, hold):
    hold.set()
    desk.ahead.switch(False)
    desk.open_paths([folder])
    inbox.run_until(ready(desk, "0"))
    desk.step(1)
    inbox.run_until(ready(desk, "1"))
    assert predictor.encoded == hashes(2)


def test_a_damaged_case_ahead_disturbs_nobody(desk, inbox, predictor, folder, hold):
    hold.set()
    (folder / "1.png").write_bytes(b"no image")
    warned = []
    desk.warned.connect(warned.append)
    desk.annotator.failed.connect(warned.append)
    desk.open_paths([folder])
    inbox.run_until(lambda: len(predictor.encoded) == CASES)
    inbox.run_until(ready(desk, "0"))
    assert not warned


def test_a_frame_is_read_once_unless_its_file_changed(folder, tmp_path):
    path, times = folder / "0.png", []

    def load():
        times.append(path)
        return read_frame(path)

    case, frames = Case("0", load, tmp_path, path), Frames()
    first = frames.read(case)
    assert frames.read(case) is first
    Image.fromarray(
        np.full((50, 90), 7, np.uint8) + np.eye(50, 90, dtype=np.uint8)
    ).save(path)
    assert frames.read(case).shape == (50, 90)
    assert len(times) == 2


def test_frames_in_memory_have_a_limit(folder, tmp_path):
    times = []

    def case(number):
        path = folder / f"{number}.png"
        return Case(
            "", lambda: times.append(number) or read_frame(path), tmp_path, path
        )

    cases = [case(number) for number in range(4)]
    frames = Frames(limit=2 * 60 * 80)
    for each in (*cases, cases[3], cases[0]):
        frames.read(each)
    assert times == [0, 1, 2, 3, 0]
