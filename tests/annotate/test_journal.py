"""What happens to a case is written down, and brings it back."""

from __future__ import annotations

import os
from dataclasses import fields

import numpy as np
import pytest
from grey import make_frame

from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.journal_room import make_room
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.annotate.recovery import agrees
from napari_mae_sam2.annotate.saving import Saved
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask


@pytest.fixture
def answered(frame, predictor):
    """A session whose drafts are answered at once."""

    def answer(session):
        embedding = predictor.encode(frame.pixels)

        def reply(draft):
            if not draft.is_empty:
                prediction = predictor.decode(embedding, draft.prompts())
                session.take_prediction(draft, prediction, predictor.name)

        session.draft_changed.connect(reply)
        return session

    return answer


def work(session):
    """Do a bit of everything, and leave prompts in hand."""
    session.click(10, 10)
    session.click(12, 12)
    session.commit()
    session.labels[0:3, 0:3] = 7
    session.painted()
    session.edit("grow", lambda old: np.maximum(old, 2), region=np.s_[20:24, 5:9])
    session.labels[50:55, 0:9] = 8
    session.painted()
    session.undo()
    session.ask_for_everything()
    session.click(40, 60)
    session.click(41, 61, positive=False)


def back_to_the_start(session):
    states = []
    while True:
        states.append(
            (
                session.labels.copy(),
                session.draft.clicks,
                session.draft.everything,
                sorted((n, x.source) for n, x in session.lesions.items()),
                session.image.shares(),
            )
        )
        if not session.undo():
            return states


def test_a_case_comes_back_with_prompts_history_and_paint(
    make_journals, frame, place, answered
):
    first, second = make_journals(), make_journals()
    session = answered(CaseSession(frame))
    journal = first.follow(session, place, None)
    work(session)
    journal.close()
    first.wait()

    found = second.find(frame, place)
    again = found.session
    assert found.trouble == ""
    assert again.draft.clicks == session.draft.clicks
    assert (again.draft.earlier == session.draft.earlier).all()
    assert not again.saves.is_saved
    assert again.history.next_redo == session.history.next_redo
    expected, got = back_to_the_start(session), back_to_the_start(again)
    assert len(got) == len(expected) == 9
    for one, other in zip(got, expected, strict=True):
        assert (one[0] == other[0]).all()
        assert one[1:] == other[1:]
    while again.redo():
        pass
    assert (again.labels[20:24, 5:9] == 2).all()


def test_work_goes_on_in_the_journal_that_was_found(
    make_journals, frame, place, answered
):
    one = make_journals()
    session = answered(CaseSession(frame))
    journal = one.follow(session, place, None)
    work(session)
    journal.close()
    for turn in range(3):
        journals = make_journals()
        one.wait()
        found = journals.find(frame, place)
        again = answered(found.session)
        assert len(again.history) == 8 + 2 * turn
        journal = journals.follow(again, place, found.file)
        # The very draft of before is in hand again: undo and redo can tell.
        again.undo()
        again.redo()
        again.click(40, 60)
        again.reject()
        journal.close()
        one = journals
    assert len(list((one._folder).glob("*.journal"))) == 1


def test_paint_under_way_when_the_journal_begins_is_counted_once(
    make_journals, frame, place
):
    journals = make_journals()
    session = CaseSession(frame)
    journal = journals.follow(session, place, None)
    session.labels[0:3, 0:6] = 1
    session.click(10, 10)
    session.painted()
    journal.close()
    journals.wait()

    again = journals.find(frame, place).session
    assert (again.labels == session.labels).all()
    assert again.image.area(1) == session.image.area(1) == 18
    again.undo()
    assert again.image.area(1) == 0


def test_prompts_alone_come_back_too(make_journals, frame, place):
    first, second = make_journals(), make_journals()
    session = CaseSession(frame)
    journal = first.follow(session, place, None)
    session.click(10, 10)
    journal.close()
    first.wait()
    again = second.find(frame, place).session
    assert again.draft.clicks == session.draft.clicks
    assert again.saves.is_saved


def test_a_case_that_was_only_looked_at_leaves_no_journal(make_journals, frame, place):
    journals = make_journals()
    journals.follow(CaseSession(frame), place, None).close()
    assert journals.find(frame, place) is None


def test_two_windows_do_not_share_a_journal(make_journals, frame, place):
    first, second = make_journals(), make_journals()
    mine, theirs = CaseSession(frame), CaseSession(frame)
    one = first.follow(mine, place, None)
    mine.click(10, 10)
    first.wait()
    assert second.find(frame, place) is None
    other = second.follow(theirs, place, None)
    theirs.click(40, 60)
    second.wait()
    one.close()
    first.wait()
    found = first.find(frame, place)
    assert found.session.draft.clicks[0].row == 10
    found.file.release()
    other.close()


def test_a_journal_cut_short_costs_the_last_step(make_journals, frame, place):
    first, second = make_journals(), make_journals()
    session = CaseSession(frame)
    journal = first.follow(session, place, None)
    for number in range(1, 4):
        session.labels[number, 0] = number
        session.painted()
    journal.close()
    first.wait()
    (path,) = first._folder.glob("*.journal")
    path.write_bytes(path.read_bytes()[:-7])
    found = second.find(frame, place)
    assert found.session.lesion_numbers() == [1, 2]
    assert found.trouble == ""


def damage_beginning(content):
    return content[:60] + b"\0" * 40 + content[100:]


def other_bytes(_content):
    return b"something else"


def newer_version(content):
    return content.replace(b"journal 1", b"journal 9")


@pytest.mark.parametrize("harm", [damage_beginning, other_bytes, newer_version])
def test_a_damaged_journal_is_one_sentence_and_stays(make_journals, frame, place, harm):
    first, second = make_journals(), make_journals()
    session = CaseSession(frame)
    journal = first.follow(session, place, None)
    session.click(10, 10)
    journal.close()
    first.wait()
    (path,) = first._folder.glob("*.journal")
    harmed = harm(path.read_bytes())
    path.write_bytes(harmed)
    found = second.find(frame, place)
    assert found.session is None
    assert found.trouble.count(". ") == 0
    assert found.trouble.endswith(".")
    kept = [x.read_bytes() for x in first._folder.iterdir() if x.suffix != ".lock"]
    assert kept == [harmed]
    # And the next work is written beside it.
    again = CaseSession(frame)
    journal = second.follow(again, place, found.file)
    again.click(40, 60)
    journal.close()
    second.wait()
    assert first.find(frame, place).session.draft.clicks[0].row == 40
    assert second.warned == []


def test_damage_in_the_middle_brings_back_what_came_before(make_journals, frame, place):
    first, second = make_journals(), make_journals()
    session = CaseSession(frame)
    journal = first.follow(session, place, None)
    ends = []
    for number in range(1, 4):
        session.labels[number, 0] = number
        session.painted()
        first.wait()
        (path,) = first._folder.glob("*.journal")
        ends.append(path.stat().st_size)
    journal.close()
    first.wait()
    content = bytearray(path.read_bytes())
    content[ends[0] + 50] ^= 255
    path.write_bytes(bytes(content))
    found = second.find(frame, place)
    assert found.session.lesion_numbers() == [1]
    assert "last steps may be missing" in found.trouble


def test_a_full_disk_is_told_once_and_made_up_for(make_journals, frame, place):
    first, second = make_journals(), make_journals()
    session = CaseSession(frame)
    first._folder.parent.mkdir(exist_ok=True)
    first._folder.write_text("in the way")
    journal = first.follow(session, place, None)
    session.click(10, 10)
    first.wait()
    session.click(12, 12)
    first.wait()
    assert len(first.warned) == 1
    first._folder.unlink()
    session.click(14, 14)
    journal.close()
    first.wait()
    assert len(second.find(frame, place).session.draft.clicks) == 3


def test_room_is_made_from_old_cases_that_are_saved(make_journals, place):
    journals = make_journals()
    paths = []
    for number in range(3):
        session = CaseSession(make_frame(seed=number))
        journal = journals.follow(session, place, None)
        session.labels[0, 0] = 1
        session.painted()
        if number != 1:
            session.saves.written(session.saves.edits, "0001-aaaaaaaa", "in_work")
            session.history_changed.emit()
        journal.close()
        journals.wait()
        (new,) = set(journals._folder.glob("*.journal")) - set(paths)
        os.utime(new, (number, number))
        paths.append(new)
    size = paths[2].stat().st_size
    make_room(journals._folder, 3 * size + 10)
    assert all(path.exists() for path in paths)
    make_room(journals._folder, size + 10)
    assert [path.exists() for path in paths] == [False, True, False]


def test_a_save_that_was_finished_when_the_program_died_is_noted(
    make_journals, frame, study
):
    session = CaseSession(frame)
    session.labels[0, 0] = 1
    session.painted()
    saved = Saved(session.labels.copy(), (Lesion(1),), "0001-aaaaaaaa")
    assert agrees(session, saved)
    assert session.saves.is_saved
    assert session.saves.revision == "0001-aaaaaaaa"


def test_a_save_without_a_change_costs_no_history_when_the_program_dies(frame):
    session = CaseSession(frame, revision="0001-aaaaaaaa")
    session.click(3, 4, positive=True)
    assert session.saves.is_saved
    assert agrees(session, Saved(session.labels.copy(), (), "0002-bbbbbbbb"))
    assert session.saves.revision == "0002-bbbbbbbb"


def test_newer_labels_in_the_study_count_unless_something_is_unsaved(frame):
    theirs = Saved(np.ones(frame.shape, np.uint16), (), "0002-bbbbbbbb")
    saved = CaseSession(frame, revision="0001-aaaaaaaa")
    assert not agrees(saved, theirs)
    saved.labels[0, 0] = 1
    saved.painted()
    assert agrees(saved, theirs)
    assert not saved.saves.is_saved


def test_every_field_is_written(make_journals, frame, place):
    """A new field of a draft or a lesion must be written, too."""
    first, second = make_journals(), make_journals()
    start = PlacedMask(3, 4, np.eye(5, dtype=bool))
    part = CloseUp(1, 2, 40, 50)
    draft = Draft(
        everything=True,
        start=start,
        close_up=part,
        replaces=3,
        as_it_was=True,
        seen=CloseUp(3, 4, 30, 40),
    )
    lesion = Lesion(3, draft, "disc", "model x", 0.25, "model", "a remark")
    session = CaseSession(frame)
    journal = first.follow(session, place, None)
    session.edit("x", lambda old: old + 3, lesions=[lesion])
    journal.close()
    first.wait()
    again = second.find(frame, place).session.lesion(3)
    for field in fields(Lesion):
        if field.name != "draft":
            assert getattr(again, field.name) == getattr(lesion, field.name)
    assert again.draft.everything
    assert (again.draft.close_up, again.draft.seen) == (part, draft.seen)
    assert (again.draft.replaces, again.draft.as_it_was) == (3, True)
    assert (again.draft.start.on((60, 80)) == start.on((60, 80))).all()
    assert [field.name for field in fields(Draft)] == [
        "clicks",
        "boxes",
        "earlier",
        "everything",
        "start",
        "close_up",
        "replaces",
        "as_it_was",
        "seen",
    ]
    assert session.image.shares() == {Origin.CLEAN_UP: 1}
