"""Cases are found by their pixels, journals by these and by the id of the study."""

from __future__ import annotations

import numpy as np
import pytest
from desk_hand import opened, paint, records, saved, write_frames

from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.places import STUDY_NAME, Places
from napari_mae_sam2.study.verify import verify


def crash(desk):
    """Leave a desk as a program that was killed does."""
    desk._journals.wait()
    for case in list(desk._keeping._sessions):
        desk._keeping._let_go(case)
    desk._journals.wait()
    desk._whereabouts._lock.release()


@pytest.fixture
def graded(desk, inbox, folder):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    assert desk.answer("done") == ""
    inbox.run_until(saved(desk))
    desk.close()
    return folder


def test_a_renamed_frame_shows_its_label_and_is_graded_once(graded, make_desk, inbox):
    (graded / "eye  0.png").rename(graded / "a new name.png")
    again = make_desk()
    again.open_paths([graded])
    inbox.run_until(opened(again, 1))
    assert again.session.frame.name == "a new name"
    assert again.session.lesion_numbers() == [1]
    (offer,) = again.offers
    assert offer.sentence.startswith("a new name was graded under the name eye  0")
    paint(again.session, value=2, row=20)
    assert again.answer("done") == ""
    inbox.run_until(saved(again))
    study = Study.open(graded / STUDY_NAME)
    (case,) = study.case_ids()
    assert len(study.revision_ids(case)) == 2
    assert study.case(case).name == "eye  0"  # until somebody says so
    offer.act()
    inbox.run_until(lambda: bool(again.said) and "calls this frame" in again.said[-1])
    assert study.case(case).name == "a new name"
    assert study.case_ids() == [case]
    assert list(verify(study)) == []
    again.close()
    last = make_desk()
    last.open_paths([graded])
    inbox.run_until(opened(last, 1))
    assert last.offers == []


def test_a_file_moved_to_another_folder_of_the_same_study_is_the_same_case(
    graded, make_desk, inbox, tmp_path
):
    places = Places(tmp_path / "config" / "studies.json")
    places.choose(tmp_path / "sorted", graded / STUDY_NAME)
    (tmp_path / "sorted").mkdir()
    (graded / "eye  0.png").rename(tmp_path / "sorted" / "OD_late.png")
    again = make_desk()
    again.open_paths([tmp_path / "sorted"])
    inbox.run_until(opened(again, 1))
    assert again.session.lesion_numbers() == [1]


def test_frames_of_other_pixels_and_the_same_name_are_other_cases(tmp_path, folder):
    study = Study.create(tmp_path / "study")
    from grey import make_frame

    one = study.add_frame(make_frame("OD_late", seed=1))
    other = study.add_frame(make_frame("OD_late", seed=2))
    same = study.add_frame(make_frame("OS_early", seed=1))
    assert one.id != other.id
    assert same == one
    assert study.find_case(make_frame("x", seed=3)) is None
    assert len(study.case_ids()) == 2


def test_where_an_earlier_version_made_two_the_one_of_this_name_is_found(tmp_path):
    from grey import make_frame

    study = Study.create(tmp_path / "study")
    first = study.add_frame(make_frame("old", seed=1))
    record = study.case_folder(first.id)
    other = record.with_name(first.id.replace("old", "new"))
    import json
    import shutil

    shutil.copytree(record, other)
    content = json.loads((other / "case.json").read_text())
    content |= {"id": other.name, "name": "new", "added": "2099"}
    (other / "case.json").write_text(json.dumps(content))
    assert study.find_case(make_frame("new", seed=1)).id == other.name
    assert study.find_case(make_frame("old", seed=1)).id == first.id
    assert study.find_case(make_frame("third", seed=1)).id == first.id


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize("way", ["moved", "link", "dots"])
def test_unsaved_work_is_found_again_by_whatever_way_the_folder_is_reached(
    desk, make_desk, inbox, folder, tmp_path, way, is_saved
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    if is_saved:
        paint(desk.session)
        desk.save()
        inbox.run_until(saved(desk))
    paint(desk.session, value=5, row=20)
    crash(desk)
    there = tmp_path / "elsewhere"
    if way == "moved":
        folder.rename(there)
    elif way == "link":
        there.symlink_to(folder)
    else:
        there = folder / ".." / folder.name
    again = make_desk()
    again.open_paths([there])
    inbox.run_until(opened(again, 1))
    assert again.session.lesion_numbers() == ([1, 5] if is_saved else [5])
    assert again.session.history.next_undo == "paint"
    again.close()
    assert len(records(there / STUDY_NAME)) == 1 + is_saved


def test_a_copy_of_the_frames_does_not_get_the_work_of_the_first(
    desk, make_desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    crash(desk)
    copy = write_frames(tmp_path / "copy", 3)
    again = make_desk()
    again.open_paths([copy])
    inbox.run_until(opened(again, 1))
    assert not np.any(again.session.labels)
    again.open_paths([folder])
    inbox.run_until(opened(again, 2))
    assert again.session.lesion_numbers() == [1]


def test_after_a_crash_a_folder_that_is_gone_is_said_and_not_wiped(
    desk, make_desk, inbox, folder, tmp_path
):
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    crash(desk)
    folder.rename(tmp_path / "elsewhere")
    again = make_desk()
    left = []
    again.leaving.connect(lambda: left.append(True))
    assert not again.bring_back()
    assert "where you worked last, is gone" in again.heard[0]
    assert left == []  # nothing that takes messages away
