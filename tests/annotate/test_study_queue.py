"""Cases of a queue on the grader's desk, blinded ones among them; no window."""

from __future__ import annotations

import numpy as np
import pytest
from grey import make_frame
from PIL import Image

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.annotate.label_place import LabelPlace
from napari_mae_sam2.annotate.queue_cases import QueueCases
from napari_mae_sam2.annotate.study_queue import StudyQueue
from napari_mae_sam2.annotate.study_thread import StudyThread
from napari_mae_sam2.study.agreement import agreements
from napari_mae_sam2.study.conflicts import heads
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.places import Places
from napari_mae_sam2.study.readings import readings_of
from napari_mae_sam2.study.rereading import Planned, plan
from napari_mae_sam2.study.verify import verify


@pytest.fixture
def filled(tmp_path):
    """Anna answered the first of three cases."""
    made = Study.create(tmp_path / "filled")
    for seed in range(3):
        made.add_frame(make_frame(f"eye {seed}", seed), patient=f"P-{seed}")
    frame = make_frame("eye 0", 0)
    labels = np.zeros(frame.shape, np.uint16)
    labels[:6, :10] = 1
    made.save_revision(frame, labels, grader="anna", parent=None)
    return made


@pytest.fixture
def thread(inbox, tmp_path):
    made = StudyThread(inbox.post, tmp_path / "index")
    yield made
    made.close()


@pytest.fixture
def desk(inbox, predictor, tmp_path):
    annotator = Annotator(inbox.post, lambda _choice, _tell: predictor)
    places = Places(tmp_path / "places.json")
    made = Desk(annotator, inbox.post, places, tmp_path / "home", tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def take(inbox, thread, desk, filled):
    queue, cases, taken = StudyQueue(thread), QueueCases(), []
    queue.taken.connect(taken.append)
    queue.looked.connect(lambda standing: setattr(queue, "standing", standing))

    def take(grader, seconds=20.0):
        desk.grader = grader
        before, seen = desk.session, len(taken)
        queue.take(filled.folder, grader, Filter())
        inbox.run_until(lambda: len(taken) > seen)
        if taken[-1] is not None:
            desk.open_case(cases.case_of(filled.folder, taken[-1]))
            inbox.run_until(lambda: desk.session not in (None, before), seconds)
        return taken[-1]

    take.queue = queue
    return take


def _save(desk, inbox, rows):
    desk.session.labels[:rows, :10] = 1
    desk.session.painted()
    done = []
    desk.answer("done", lambda: done.append(True))
    inbox.run_until(lambda: bool(done))


def _reading(filled, kind, to, place):
    first = filled.case_ids()[0]
    (of,) = filled.revision_ids(first)
    plan(filled, [Planned(first, of, kind, to, filled.case_ids()[place])])
    return first


def test_names_are_names_where_nobody_reads_blinded(take, desk):
    assert take("ben").name == "eye 1"
    assert desk.session.frame.name == "eye 1"


@pytest.mark.parametrize(("kind", "to"), [("second", "ben"), ("repeat", "anna")])
def test_a_blinded_reading_shows_nothing_and_is_no_label_of_the_case(
    take, desk, inbox, filled, kind, to
):
    first = _reading(filled, kind, to, 1)
    before = filled.latest_revision(first)
    items = [take(to) for _ in range(3)]
    assert take(to).name == items[0].name  # nobody answered it: round again
    codes = [item.name for item in items]
    assert [bool(item.reading) for item in items] == [False, True, False]
    assert len(set(codes)) == 3
    assert all(len(code) == 6 for code in codes)
    # Nothing tells it from the others: neither what is said of it, nor the list, nor
    # how many are left.
    said = {(i.patient, i.eye, i.visit, i.phase, i.grader, i.status) for i in items}
    assert len(said) == 1
    assert [case.name for case in desk.worklist.cases] == codes
    assert take.queue.standing.total == 4
    desk.go(1)
    inbox.run_until(lambda: desk.session.frame.name == codes[1])
    assert desk.session.saves.revision is None
    assert not desk.session.labels.any()
    assert not desk.session.lesions
    _save(desk, inbox, 3)
    assert filled.latest_revision(first) == before
    assert filled.revision_ids(first) == [before.id]
    assert len(filled.case_ids()) == 3  # none goes by its code on disk
    (found,) = agreements(filled)
    assert (found.kind, found.graders) == (kind, ("anna", to))
    assert (found.areas, found.dice) == ((60, 30), pytest.approx(2 / 3))
    assert list(verify(filled)) == []


def test_others_neither_see_nor_count_a_reading(take, filled):
    _reading(filled, "second", "ben", 1)
    assert [bool(take("carla").reading) for _ in range(2)] == [False, False]
    assert not take("carla").reading  # the first of hers again
    assert take.queue.standing.total == 3


def test_what_is_not_saved_of_a_reading_comes_back_in_it_alone(
    take, desk, inbox, filled
):
    first = _reading(filled, "repeat", "anna", 0)
    assert take("anna").reading
    desk.session.labels[20:25, :10] = 2
    desk.session.painted()
    desk._journals.wait()
    place = desk.worklist.current.place
    frame = desk.session.frame
    assert desk._journals.find(frame, LabelPlace(filled.folder)) is None
    assert place.key != filled.folder
    assert place.own_frame(filled, frame).name == "eye 0"
    assert place.open().revision_ids(first) == []


def test_a_frame_that_is_another_one_now_is_named_and_nothing_is_lost(
    take, desk, inbox, filled
):
    heard = []
    desk.warned.connect(heard.append)
    case = filled.case_ids()[1]
    path = filled.case_folder(case) / "frame.tif"
    other = filled.case_folder(filled.case_ids()[2]) / "frame.tif"
    path.write_bytes(other.read_bytes())
    item = None
    with pytest.raises(AssertionError, match="did not come"):
        item = take("ben", seconds=1.0)
    assert item is None
    (sentence,) = heard
    assert sentence.startswith(str(path))
    assert "no longer the frame that was graded" in sentence
    assert desk.session is None
    assert list(verify(filled)) == [sentence]
    assert take("ben").name == "eye 2"


def test_a_study_that_vanished_is_not_made_anew_elsewhere(
    take, desk, inbox, filled, tmp_path
):
    heard = []
    desk.warned.connect(heard.append)
    take("ben")
    filled.folder.rename(tmp_path / "away")
    desk.session.labels[:3, :10] = 1
    desk.session.painted()
    desk.save()
    inbox.run_until(lambda: bool(heard))
    assert "is gone" in heard[0]
    assert "kept in the window" in heard[0]
    assert not filled.folder.exists()
    (tmp_path / "away").rename(filled.folder)
    _save(desk, inbox, 4)
    assert len(filled.revision_ids(filled.case_ids()[1])) == 1


def test_a_frame_in_the_list_twice_is_not_in_conflict_with_itself(
    take, desk, inbox, filled, tmp_path
):
    path = tmp_path / "eye 1.png"
    Image.fromarray(make_frame("eye 1", 1).pixels).save(path)
    desk.set_folder(filled.folder)
    desk._places.choose(tmp_path, filled.folder)
    desk.open_paths([path])
    inbox.run_until(lambda: desk.session is not None)
    assert desk.folder == filled.folder
    item = take("ben")
    assert item.name == "eye 1"
    _save(desk, inbox, 3)
    desk.go(0)
    inbox.run_until(lambda: desk.session.saves.revision is not None)
    _save(desk, inbox, 5)
    assert len(heads(filled, item.case)) == 1


def test_another_folder_puts_cases_of_the_queue_away_saved(
    take, desk, inbox, filled, tmp_path
):
    first = _reading(filled, "repeat", "anna", 0)
    assert take("anna").reading
    shown = []
    desk.case_opened.connect(shown.append)
    desk.session.labels[:3, :10] = 1
    desk.session.painted()
    desk.set_folder(tmp_path / "mine")
    assert (shown, desk.worklist.cases) == ([None], ())
    assert desk.folder == tmp_path / "mine"
    inbox.run_until(lambda: bool(readings_of(filled, first)))
    (reading,) = readings_of(filled, first)
    inbox.run_until(lambda: reading.latest_revision(first) is not None)
    assert reading.latest_revision(first).status == "in_work"
    assert list(agreements(filled)) == []  # kept, and not answered
    assert not (tmp_path / "mine").exists()
