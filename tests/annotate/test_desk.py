from __future__ import annotations

import json

import pytest
from grey import make_frame
from PIL import Image

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import STUDY_NAME, Desk
from napari_mae_sam2.annotate.worklist import Status


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "frames"
    made.mkdir()
    for index in range(3):
        pixels = make_frame(seed=index).pixels
        Image.fromarray(pixels).save(made / f"eye  {index}.png")
    return made


@pytest.fixture
def desk(inbox, predictor, tmp_path):
    annotator = Annotator(inbox.post, lambda _choice: predictor)
    annotator.load_model()
    made = Desk(annotator, inbox.post, tmp_path / "home")
    made.heard = []
    made.warned.connect(made.heard.append)
    made.opened = []
    made.case_opened.connect(made.opened.append)
    yield made
    made.close()


def opened(desk, count):
    return lambda: len(desk.opened) == count


def paint(session):
    session.labels[0:5, 0:5] = 1
    session.painted()


def revisions(folder):
    return sorted((folder / STUDY_NAME).rglob("revision.json"))


def test_a_folder_is_a_list_of_cases(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    assert [case.name for case in desk.worklist.cases] == ["eye  0", "eye  1", "eye  2"]
    assert desk.session.frame.name == "eye  0"
    assert desk.folder == folder / STUDY_NAME


def test_next_saves_and_opening_again_brings_the_labels_back(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.session.click(40, 60)
    inbox.run_until(lambda: desk.session.proposal is not None)
    desk.session.commit()
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    assert len(revisions(folder)) == 1

    desk.open_paths([folder])
    inbox.run_until(opened(desk, 3))
    assert (desk.session.labels[30:50, 50:70] == 1).all()
    (lesion,) = desk.session.present_lesions()
    assert lesion.draft.clicks[0].row == 40
    assert desk.worklist.cases[0].status is Status.GRADED


def test_a_correction_names_the_revision_that_it_corrects(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    for shade in (1, 2):
        desk.session.labels[shade, :] = shade
        desk.session.painted()
        desk.save()
        inbox.run_until(lambda: not desk.session.unsaved)
    first, second = (json.loads(path.read_text()) for path in revisions(folder))
    assert second["parent"] == first["id"]
    assert first["parent"] is None


def test_a_case_comes_back_with_its_history(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    desk.step(-1)
    inbox.run_until(opened(desk, 3))
    assert desk.session is session
    assert session.undo() == "paint"


def test_a_bad_file_is_a_message_and_stops_nothing(desk, inbox, folder):
    (folder / "eye  1.png").write_bytes(b"not an image")
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    assert desk.session is None
    assert "eye  1.png" in desk.heard[0]
    assert desk.worklist.current.status is Status.UNREADABLE
    desk.step(1)
    inbox.run_until(opened(desk, 3))
    assert desk.session.frame.name == "eye  2"


def test_a_folder_without_images_is_a_message_and_the_case_stays(
    desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    (tmp_path / "empty").mkdir()
    desk.open_paths([tmp_path / "empty"])
    assert len(desk.heard) == 1
    assert desk.session is session


def test_labels_that_cannot_be_written_keep_the_case_in_hand(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    # A file stands where the study folder should be: root may write anywhere else.
    (folder / STUDY_NAME).write_text("in the way")
    desk.step(1)
    inbox.run_until(lambda: bool(desk.heard))
    assert desk.session is session
    assert session.unsaved
    assert desk.worklist.index == 0
    desk.set_folder(folder.parent / "elsewhere")
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    assert (folder.parent / "elsewhere" / "study.json").exists()


def test_a_frame_in_memory_is_saved_at_home(desk, inbox, tmp_path):
    desk.open_frame("drawn", lambda: make_frame("drawn"))
    inbox.run_until(opened(desk, 1))
    desk.save()
    inbox.run_until(lambda: desk.worklist.current.status is Status.GRADED)
    record = next((tmp_path / "home").rglob("revision.json"))
    assert json.loads(record.read_text())["lesions"] == []


def test_closing_saves_what_is_not_saved(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.close()
    assert len(revisions(folder)) == 1


def test_another_folder_gets_the_case_as_a_new_study(desk, inbox, folder, tmp_path):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(lambda: not desk.session.unsaved)
    desk.set_folder(tmp_path / "other")
    assert desk.session.unsaved
    desk.save()
    inbox.run_until(lambda: not desk.session.unsaved)
    record = next((tmp_path / "other").rglob("revision.json"))
    assert json.loads(record.read_text())["parent"] is None


def test_a_damaged_study_is_a_message(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(lambda: not desk.session.unsaved)
    (folder / STUDY_NAME / "study.json").write_text("{")
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 2))
    assert desk.session is None
    assert "study.json" in desk.heard[0]
