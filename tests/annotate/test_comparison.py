from __future__ import annotations

import numpy as np
import pytest
from grey import Inbox, make_frame
from PIL import Image

from napari_mae_sam2.annotate.comparison import NEXT, PREVIOUS, Comparison, fitted
from napari_mae_sam2.annotate.worklist import Case, Worklist
from napari_mae_sam2.fa.display import Treatment
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.folder import Study


class Run:
    """A list of three frames, and what the comparison says of them."""

    def __init__(self, tmp_path):
        self.inbox = Inbox()
        self.worklist = Worklist()
        self.read = []
        self.worklist.replace(
            [Case(f"frame {i}", self.load(i), tmp_path) for i in range(3)]
        )
        self.worklist.take(0)
        self.comparison = Comparison(self.worklist, self.inbox.post)
        self.shown, self.warnings = [], []
        self.comparison.changed.connect(self.shown.append)
        self.comparison.warned.connect(self.warnings.append)

    def load(self, index):
        def read():
            self.read.append(index)
            return make_frame(f"frame {index}", index)

        return read

    def wait(self, name):
        self.inbox.run_until(lambda: self.names()[-1:] == [name])

    def names(self):
        return [shown and shown.name for shown in self.shown]


@pytest.fixture
def run(tmp_path):
    made = Run(tmp_path)
    yield made
    made.comparison.close()


def test_the_next_frame_goes_along_when_the_grader_steps(run):
    run.comparison.turn(True)
    run.wait("frame 1")
    run.worklist.take(1)
    run.comparison.refresh()
    run.wait("frame 2")
    run.comparison.choose(PREVIOUS)
    run.wait("frame 0")
    run.comparison.turn(False)
    assert run.names()[-1] is None


def test_at_the_end_of_the_list_the_other_neighbour_is_shown(run):
    run.worklist.take(2)
    run.comparison.choose(NEXT)
    run.wait("frame 1")


def test_a_frame_that_was_chosen_stays_and_is_read_once(run):
    run.comparison.choose(run.worklist.cases[2])
    run.wait("frame 2")
    run.worklist.take(1)
    run.comparison.refresh()
    run.inbox.run_until(lambda: len(run.shown) == 2)
    run.comparison.treat(Treatment(local_contrast=True))
    run.inbox.run_until(lambda: len(run.shown) == 3)
    assert run.names() == ["frame 2"] * 3
    assert run.read == [2]
    plain, treated = run.shown[0].pixels, run.shown[2].pixels
    assert (plain == make_frame(seed=2).pixels).all()
    assert (treated != plain).any()


def test_a_file_beside_the_list(run, tmp_path):
    path = tmp_path / "late phase.png"
    Image.fromarray(make_frame(seed=9).pixels).save(path)
    run.comparison.choose(path)
    run.wait("late phase")
    assert run.shown[-1].pixels[0, 0] == 29


def test_a_frame_that_cannot_be_read_is_a_sentence(run):
    def refuse():
        raise PlainError("late.png is damaged.")

    run.comparison.choose(Case("late", refuse, run.worklist.cases[0].study))
    run.inbox.run_until(lambda: bool(run.warnings))
    assert run.warnings == ["late.png is damaged."]
    assert not run.comparison.is_on
    assert run.shown == [None]


def test_a_list_of_one_has_nothing_to_compare_with(run):
    run.worklist.replace(run.worklist.cases[:1])
    run.worklist.take(0)
    run.comparison.turn(True)
    assert "choose a file" in run.warnings[0]
    assert not run.comparison.is_on


@pytest.mark.parametrize(
    ("shape", "factor"), [((60, 80), 1.0), ((120, 160), 0.5), ((30, 80), 1.0)]
)
def test_another_size_is_laid_middle_on_middle_without_distortion(shape, factor):
    found, corner = fitted(shape, (60, 80))
    assert found == pytest.approx(factor)
    middle = np.array(corner) + found * (np.array(shape) - 1) / 2
    assert middle == pytest.approx([29.5, 39.5])


@pytest.fixture
def known(run, tmp_path):
    """The study knows of each frame whose it is."""

    def say(*owners):
        study = Study.create(tmp_path)
        for index, (case, owner) in enumerate(
            zip(run.worklist.cases, owners, strict=True)
        ):
            frame = make_frame(f"frame {index}", index)
            case.sha256 = frame.sha256
            if owner is not None:
                patient, eye = owner
                study.add_frame(frame, patient=patient, eye=eye)

    return say


@pytest.mark.parametrize(
    ("owners", "shown"),
    [
        ((("P-1", "right"), ("P-2", "right"), ("P-1", "right")), "frame 2"),
        ((("P-1", "right"), ("P-1", "left"), ("P-1", "right")), "frame 2"),
        ((("P-1", None), ("P-2", None), ("p-1 ", None)), "frame 2"),
        ((("P-1", "right"), None, ("P-1", "right")), "frame 1"),  # nobody knows
        ((None, ("P-2", "right"), ("P-1", "right")), "frame 1"),
    ],
)
def test_frames_of_another_patient_or_eye_are_passed_over(run, known, owners, shown):
    known(*owners)
    run.comparison.turn(True)
    run.wait(shown)


def test_no_frame_of_the_same_eye_is_a_sentence_and_the_next_case_has_one(run, known):
    known(("P-1", "right"), ("P-2", "right"), ("P-2", "right"))
    run.comparison.turn(True)
    run.wait(None)
    assert run.warnings == ["No other frame in the list is of this patient and eye."]
    run.worklist.take(1)
    run.comparison.refresh()
    run.wait("frame 2")


def test_one_that_was_chosen_does_not_stay_beside_another_patient(run, known, tmp_path):
    known(("P-1", "right"), ("P-1", "right"), ("P-2", "right"))
    run.comparison.choose(run.worklist.cases[0])
    run.worklist.take(1)
    run.comparison.refresh()
    run.wait("frame 0")
    run.worklist.take(2)
    run.comparison.refresh()
    run.wait(None)
    assert "another patient or eye" in run.warnings[-1]


def test_a_chosen_file_is_known_by_its_pixels(run, known, tmp_path):
    known(("P-1", "right"), ("P-2", "right"), ("P-2", "left"))
    file = tmp_path / "renamed.png"
    Image.fromarray(make_frame("frame 1", 1).pixels).save(file)
    run.comparison.choose(file)
    run.wait(None)
    assert "renamed is of another patient or eye" in run.warnings[-1]
