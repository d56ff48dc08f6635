from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import tifffile
from desk_hand import newest, opened, paint, records, saved, write_frames
from grey import make_frame

from napari_mae_sam2.annotate.effort import Spent
from napari_mae_sam2.annotate.kept_cases import SESSIONS_KEPT
from napari_mae_sam2.annotate.worklist import Status
from napari_mae_sam2.study.places import STUDY_NAME


def test_a_folder_is_a_list_of_cases(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    assert [case.name for case in desk.worklist.cases] == ["eye  0", "eye  1", "eye  2"]
    assert desk.session.frame.name == "eye  0"
    assert desk.folder == folder / STUDY_NAME
    assert desk.shown[-1] == folder / STUDY_NAME


def test_next_saves_and_opening_again_brings_the_labels_back(
    desk, make_desk, inbox, folder
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.session.click(40, 60)
    inbox.run_until(lambda: desk.session.proposal is not None)
    desk.session.commit()
    desk.step(1)
    inbox.run_until(lambda: desk.opened[0].saves.is_saved)
    assert desk.worklist.cases[0].status is Status.IN_WORK
    (record,) = records(folder / STUDY_NAME)
    (lesion,) = record["lesions"]
    assert lesion["source"] == "model"
    assert lesion["score"] == pytest.approx(0.9)
    assert lesion["model"] == record["model"]["name"] == "grey"
    assert lesion["kind"] == ""

    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert (again.session.labels[30:50, 50:70] == 1).all()
    (lesion,) = again.session.present_lesions()
    assert lesion.draft.clicks[0].row == 40
    assert again.worklist.cases[0].status is Status.IN_WORK


def test_a_case_that_was_only_looked_at_is_not_saved(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    done = []
    desk.save_changes(lambda: done.append(True))
    inbox.run_until(lambda: bool(done))
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    assert not (folder / STUDY_NAME).exists()


def test_a_save_waits_for_the_journal_that_leads_up_to_it(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    free, busy = threading.Event(), threading.Event()
    desk._journals.later(lambda: busy.set() or free.wait(30))
    assert busy.wait(30)
    paint(desk.session)
    desk.save()
    time.sleep(0.3)
    assert not records(folder)  # killed now, the history would not know of it
    free.set()
    inbox.run_until(saved(desk))
    assert len(records(folder)) == 1


def test_a_correction_names_the_revision_that_it_corrects(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    for row in (1, 10):
        paint(desk.session, row=row)
        desk.save()  # the second before the first is written
    inbox.run_until(saved(desk))
    first, second = records(folder / STUDY_NAME)
    assert second["parent"] == first["id"]
    assert first["parent"] is None


def test_a_revision_tells_what_it_took_and_where_its_pixels_come_from(
    desk, make_desk, inbox, folder
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.session.effort.take_up(Spent(12.0, 4), Spent())
    desk.session.click(10, 10)
    inbox.run_until(lambda: desk.session.proposal is not None)
    desk.session.commit()
    paint(desk.session, value=2, row=30)
    desk.session.edit("grow", lambda old: 0 * old + 3, region=np.s_[40:45, 0:5])
    desk.save()
    inbox.run_until(saved(desk))
    (record,) = records(folder / STUDY_NAME)
    assert record["statistics"] == {
        "seconds": 12.0,
        "clicks": 4,
        "share_model": 0.75,
        "share_brush": 0.125,
        "share_clean_up": 0.125,
    }
    desk.session.effort.take_up(Spent(20.0, 5), desk.session.effort.reported)
    paint(desk.session, value=2, row=31)
    assert desk.close() == []
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.session.effort.reported.clicks == 5
    again.session.undo()
    again.save()
    inbox.run_until(saved(again))
    spent = [record["statistics"]["seconds"] for record in records(folder / STUDY_NAME)]
    assert spent == [12.0, 8.0, 0.0]


def test_pressing_next_twice_saves_once_and_goes_two_on(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.step(1)
    desk.step(1)
    inbox.run_until(lambda: desk.session and desk.session.frame.name == "eye  2")
    inbox.run_until(lambda: desk.opened[0].saves.is_saved)
    assert len(records(folder / STUDY_NAME)) == 1


def test_what_is_painted_until_the_next_case_is_there_is_saved(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    desk.step(1)
    paint(session, value=2, row=20)
    inbox.run_until(opened(desk, 2))
    inbox.run_until(lambda: session.saves.is_saved)
    assert newest(folder / STUDY_NAME) == {0, 1, 2}


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


def test_history_outlives_memory(desk, inbox, tmp_path):
    many = write_frames(tmp_path / "many", SESSIONS_KEPT + 3)
    desk.open_paths([many])
    for number in range(SESSIONS_KEPT + 3):
        inbox.run_until(opened(desk, number + 1))
        paint(desk.session, value=number + 1)
        desk.session.click(40, 60)
        desk.step(1)
        inbox.run_until(lambda number=number: desk.opened[number].saves.is_saved)
    first = desk.opened[0]
    desk.go(0)
    inbox.run_until(lambda: desk.session is desk.opened[-1])
    inbox.run_until(lambda: desk.session.frame.name == first.frame.name)
    assert desk.session is not first
    assert desk.session.saves.is_saved
    assert desk.session.draft.clicks[0].row == 40
    assert desk.session.undo() == "leakage click"
    assert desk.session.undo() == "paint"
    assert not desk.session.labels.any()


def test_history_outlives_the_window(desk, make_desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    assert desk.close() == []
    again = make_desk()
    assert not again.bring_back()  # it closed as it should
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.session.saves.is_saved
    assert again.session.undo() == "paint"
    assert not again.session.saves.is_saved
    again.save()
    inbox.run_until(saved(again))
    first, second = records(folder / STUDY_NAME)
    assert second["parent"] == first["id"]
    assert second["lesions"] == []


def test_a_folder_that_is_gone_after_a_crash_is_a_sentence(
    desk, make_desk, inbox, folder
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk._journals.wait()
    desk._whereabouts._lock.release()  # as a crash does
    folder.rename(folder.with_name("elsewhere"))
    again = make_desk()
    assert not again.bring_back()
    assert "is gone" in again.heard[0]
    folder.with_name("elsewhere").rename(folder)


def test_opening_the_folder_again_finds_the_cases_as_they_were(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    desk.open_paths([folder / "eye  1.png"])
    inbox.run_until(opened(desk, 2))
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 3))
    assert desk.session is session


def test_labels_saved_elsewhere_meanwhile_are_shown(desk, make_desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    assert desk.close() == []
    journals = list(folder.parent.rglob("*.journal"))
    aside = [(path, path.read_bytes()) for path in journals]
    colleague = make_desk()
    colleague.open_paths([folder])
    inbox.run_until(opened(colleague, 1))
    paint(colleague.session, value=5, row=20)
    assert colleague.close() == []
    for path, content in aside:
        path.write_bytes(content)
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.session.lesion_numbers() == [1, 5]
    paint(again.session, value=6, row=30)
    assert again.close() == []
    last = make_desk()
    last.open_paths([folder])
    inbox.run_until(opened(last, 1))
    assert last.session.lesion_numbers() == [1, 5, 6]
    assert last.session.undo() == "paint"
    assert last.session.lesion_numbers() == [1, 5]


def test_a_page_in_the_middle_of_a_file_is_come_back_to(make_desk, inbox, tmp_path):
    pages = np.stack([make_frame(seed=seed).pixels for seed in range(3)])
    tifffile.imwrite(tmp_path / "angiogram.tif", pages, photometric="minisblack")
    desk = make_desk()
    desk.open_paths([tmp_path / "angiogram.tif"], tmp_path / "angiogram.tif", 2)
    inbox.run_until(
        lambda: (
            desk.session
            and desk.session.frame.name.startswith("angiogram")
            and desk.worklist.index == 2
            and (desk.session.frame.pixels == pages[2]).all()
        )
    )


def test_a_bad_file_is_a_message_and_stops_nothing(desk, inbox, folder):
    (folder / "eye  1.png").write_bytes(b"not an image")
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.step(1)
    inbox.run_until(lambda: bool(desk.heard))
    assert desk.session is None
    assert "eye  1.png" in desk.heard[0]
    assert desk.worklist.current.status is Status.UNREADABLE
    desk.step(1)
    inbox.run_until(lambda: desk.session is not None)
    assert desk.session.frame.name == "eye  2"


def test_a_folder_without_images_is_a_message_and_the_case_stays(
    desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    (tmp_path / "empty").mkdir()
    desk.open_paths([tmp_path / "empty"])
    inbox.run_until(lambda: bool(desk.heard))
    assert len(desk.heard) == 1
    assert desk.session is session


def test_labels_that_cannot_be_written_stay_and_the_next_case_opens(
    desk, inbox, folder
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    # A file stands where the study folder should be: root may write anywhere else.
    (folder / STUDY_NAME).write_text("in the way")
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    inbox.run_until(lambda: bool(desk.heard))
    assert desk.session.frame.name == "eye  1"
    assert desk.worklist.cases[0].status is Status.UNSAVED
    assert session.saves.unsaved
    (folder / STUDY_NAME).unlink()
    desk.save_changes(lambda: None)
    inbox.run_until(lambda: session.saves.is_saved)
    assert newest(folder / STUDY_NAME) == {0, 1}
    assert desk.worklist.cases[0].status is Status.IN_WORK


def test_nothing_is_called_saved_that_is_not(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    (folder / STUDY_NAME).write_text("in the way")
    went_on, told = [], []
    desk.told.connect(told.append)
    desk.save_changes(lambda: went_on.append(True))
    desk.step(-1)
    inbox.run_until(lambda: bool(desk.heard))
    desk.save_now()
    inbox.run_until(lambda: True)
    assert went_on == told == []


def test_unsaved_cases_are_never_forgotten(desk, inbox, tmp_path):
    many = write_frames(tmp_path / "many", SESSIONS_KEPT + 3)
    (many / STUDY_NAME).write_text("in the way")
    desk.open_paths([many])
    for number in range(SESSIONS_KEPT + 3):
        inbox.run_until(opened(desk, number + 1))
        paint(desk.session)
        desk.step(1)
    (many / STUDY_NAME).unlink()
    desk.open_paths([many])
    inbox.run_until(opened(desk, SESSIONS_KEPT + 4))
    assert desk.save_now() == []
    assert len(records(many / STUDY_NAME)) == SESSIONS_KEPT + 3


def test_a_frame_in_memory_is_saved_at_home(desk, inbox, tmp_path):
    desk.open_frame("drawn", lambda: make_frame("drawn"))
    inbox.run_until(opened(desk, 1))
    assert desk.answer("no_leakage") == ""
    inbox.run_until(lambda: desk.session.saves.status == "done")
    assert len(records(tmp_path / "home")) == 1


def test_a_file_added_to_the_sample_is_saved_beside_its_frame(desk, inbox, folder):
    desk.open_frame("drawn", lambda: make_frame("drawn"))
    inbox.run_until(opened(desk, 1))
    desk.add_paths([folder / "eye  1.png"])
    inbox.run_until(opened(desk, 2))
    assert desk.folder == folder / STUDY_NAME
    paint(desk.session)
    assert desk.save_now() == []
    assert len(records(folder / STUDY_NAME)) == 1


def test_closing_saves_the_latest_after_what_is_under_way(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    session = desk.session
    paint(session)
    desk.save()
    paint(session, value=2, row=20)
    assert desk.close() == []
    assert newest(folder / STUDY_NAME) == {0, 1, 2}


def test_closing_saves_at_home_where_the_study_cannot_be_written(
    desk, make_desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    (folder / STUDY_NAME).write_text("in the way")
    assert desk.close() == []
    assert newest(tmp_path / "home") == {0, 1}
    assert len(records(tmp_path / "home")) == 1

    # The next start still knows them, and saves them where they belong.
    (folder / STUDY_NAME).unlink()
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.session.lesion_numbers() == [1]
    assert again.close() == []
    assert newest(folder / STUDY_NAME) == {0, 1}


def test_a_graded_case_is_saved_at_home_too_and_then_in_its_study_again(
    desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(saved(desk))
    paint(desk.session, value=2, row=20)
    (folder / STUDY_NAME).rename(folder / "aside")
    (folder / STUDY_NAME).write_text("in the way")
    assert desk.save_now() == []
    assert newest(tmp_path / "home") == {0, 1, 2}
    (folder / STUDY_NAME).unlink()
    (folder / "aside").rename(folder / STUDY_NAME)
    desk.step(1)
    inbox.run_until(lambda: len(records(folder / STUDY_NAME)) == 2)
    first, second = records(folder / STUDY_NAME)
    assert second["parent"] == first["id"]


def test_closing_tells_what_could_be_saved_nowhere(desk, inbox, folder, tmp_path):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    (folder / STUDY_NAME).write_text("in the way")
    (tmp_path / "home").write_text("in the way, too")
    (sentence,) = desk.save_now()
    assert "home" in sentence
    (tmp_path / "home").unlink()


def test_the_chosen_folder_is_remembered(desk, make_desk, inbox, folder, tmp_path):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    desk.set_folder(tmp_path / "mine")
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(opened(again, 1))
    assert again.folder == tmp_path / "mine"


def test_every_page_of_a_file_is_a_case(desk, inbox, tmp_path):
    pages = np.stack([make_frame(seed=seed).pixels for seed in range(3)])
    tifffile.imwrite(tmp_path / "angiogram.tif", pages, photometric="minisblack")
    desk.open_paths([tmp_path / "angiogram.tif"])
    inbox.run_until(opened(desk, 1))
    names = [case.name for case in desk.worklist.cases]
    assert names == ["angiogram, page 1", "angiogram, page 2", "angiogram, page 3"]
    desk.step(1)
    inbox.run_until(opened(desk, 2))
    assert (desk.session.frame.pixels == pages[1]).all()


def test_a_damaged_study_is_a_message(desk, make_desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    desk.save()
    inbox.run_until(saved(desk))
    (folder / STUDY_NAME / "study.json").write_text("{")
    again = make_desk()
    again.open_paths([folder])
    inbox.run_until(lambda: bool(again.heard))
    assert again.session is None
    assert "study.json" in again.heard[0]


def test_a_first_page_that_cannot_be_read_does_not_hide_the_others(
    desk, inbox, tmp_path
):
    page = make_frame().pixels
    with tifffile.TiffWriter(tmp_path / "angiogram.tif") as tiff:
        tiff.write(page * 0, metadata=None)
        tiff.write(page, metadata=None)
    desk.open_paths([tmp_path / "angiogram.tif"])
    inbox.run_until(lambda: len(desk.worklist.cases) == 2)
    first, second = desk.worklist.cases
    assert first.status is Status.UNREADABLE
    assert "blank" in first.trouble
    desk.step(1)
    inbox.run_until(lambda: desk.session is not None)
    assert desk.worklist.current is second
    assert (desk.session.frame.pixels == page).all()
