"""The gallery beside the dock, and verdicts that go into the study."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from predicted import write_answer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_mae_sam2._qt import gallery_part
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.gallery_model import KEPT
from napari_mae_sam2._qt.gallery_part import GalleryPart
from napari_mae_sam2._widgets import GalleryDock
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.predict.proposals import Proposals
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.qa.verdicts import VERDICTS, read_verdicts
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord

TOP, SIDE = (10, 12), (40, 60)
MODEL = ModelRecord(name="grey", fingerprint="aaaabbbbccccdddd")


@pytest.fixture
def part(at_work):
    (part,) = (one for one in at_work.widget.parts if isinstance(one, GalleryPart))
    return part


@pytest.fixture
def results(at_work, folder):
    """The model found both patches of each frame; the last one deserves a look most."""
    study = at_work.widget.desk.folder
    results = Results.create(results_folder(study, MODEL.fingerprint), MODEL)
    proposals = Proposals(study, MODEL)
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        frame = read_frame(path)
        labels = np.zeros(frame.shape, np.uint16)
        labels[frame.pixels > 180] = 1
        labels[30:50, 50:70] = 2
        source = f"{folder.name}/{path.name}"
        write_answer(results, frame, labels, uncertainty=0.3 * number, source=source)
        proposals.add(frame)
    return results


@pytest.fixture
def gallery(at_work, part, results):
    at_work.canvas.setFocus()
    QTest.keyClick(at_work.canvas, "g", Qt.KeyboardModifier.AltModifier)
    at_work.wait(lambda: len(part.desk.gallery) == 3, "reading the predictions")
    return part.widget()


def press(gallery, key):
    QTest.keyClick(gallery.list, key)


def test_judge_and_open_with_the_keys_of_the_page(at_work, part, gallery, results):
    names = [gallery.model.index(n).data() for n in range(3)]
    assert names == ["eye 2", "eye 1", "eye 0"]
    state = part.desk.gallery
    press(gallery, Qt.Key.Key_N)
    press(gallery, Qt.Key.Key_R)
    assert state.place == 1
    press(gallery, Qt.Key.Key_F)
    press(gallery, Qt.Key.Key_A)
    assert gallery.words.text() == "3 of 3 · 3 judged"
    press(gallery, Qt.Key.Key_A)
    assert gallery.words.text() == "3 of 3 · 2 judged"
    kept = results.folder / VERDICTS
    at_work.wait(lambda: kept.exists(), "keeping the verdicts")
    assert [one.verdict for one in read_verdicts(kept).verdicts] == ["reject", "fix"]

    tabs = at_work.widget.tabs
    tabs.show_tab(Tab.MODEL)
    gallery.which.setCurrentText("Fix later")
    assert [gallery.model.index(n).data() for n in range(len(state))] == ["eye 1"]
    place = gallery.list.visualRect(gallery.model.index(0)).center()
    QTest.mouseClick(gallery.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(gallery.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    at_work.wait(lambda: at_work.session.frame.name == "eye 1", "opening the frame")
    assert at_work.session.is_reviewing
    assert tabs.tabText(tabs.currentIndex()) == Tab.GRADE.value
    # The keys judge patches now.
    QTest.keyClick(at_work.window.focusWidget() or at_work.window, "A")
    assert at_work.session.labels[TOP] == 1
    assert state.counts() == {"reject": 1, "fix": 1}


def test_verdicts_of_a_page_arrive_in_the_queue(
    at_work, part, gallery, results, tmp_path, monkeypatch
):
    study = Study.open(at_work.widget.desk.folder)
    records = {one.name: one for one in results.records()}
    said = [
        {"id": records[name].id, "frame_sha256": records[name].frame_sha256}
        | {"verdict": verdict}
        for name, verdict in (
            ("eye 0", "accept"),
            ("eye 1", "fix"),
            ("eye 2", "reject"),
        )
    ]
    content = {"kind": "napari-mae-sam2 verdicts", "reviewer": "AB", "verdicts": said}
    page = tmp_path / "page.json"
    page.write_text(json.dumps(content | {"fingerprint": MODEL.fingerprint}))
    monkeypatch.setattr(gallery_part, "ask_verdicts", lambda _parent: page)
    at_work.wait(lambda: at_work.session.frame.name == "eye 0", "the first frame")

    gallery.page_wanted.emit()
    at_work.wait(lambda: "1 accepted" in at_work.widget.messages.text, "taking them in")
    assert "1 to fix, 1 rejected." in at_work.widget.messages.text
    assert part.desk.gallery.counts() == {"accept": 1, "fix": 1, "reject": 1}
    latest = [study.latest_revision(records[name].id) for name in sorted(records)]
    assert [one and one.status for one in latest] == ["done", "proposed", None]
    statuses = [
        event.details["status"]
        for event in study.log.events()
        if event.case == records["eye 2"].id and "status" in event.details
    ]
    assert statuses == ["proposed", "new"]

    # The case in hand is what was accepted; the rejected one has no proposal.
    at_work.wait(lambda: at_work.session.labels[TOP] == 1, "reading the case again")
    assert at_work.session.saves.revision == latest[0].id
    at_work.widget.desk.go(2)
    at_work.wait(lambda: at_work.session.frame.name == "eye 2", "the rejected frame")
    assert not at_work.session.is_reviewing

    # Once more: nothing is overruled, and that is no trouble.
    gallery.page_wanted.emit()
    at_work.wait(lambda: "2 had an answer" in at_work.widget.messages.text, "the end")
    assert len(study.revision_ids(records["eye 0"].id)) == 1


def test_the_menu_of_napari_gives_the_same_gallery(at_work, part, gallery):
    window = at_work.viewer.window
    again = GalleryDock(at_work.viewer)
    dock = window.add_dock_widget(again, name="by hand")
    at_work.settle(0.05)
    assert part.widget() is gallery
    assert gallery.isVisible()
    assert [one for one in window.dock_widgets.values() if one is not again] == [
        at_work.widget
    ]
    dock.destroyOnClose()  # the cross of its dock
    at_work.settle(0.05)
    assert not gallery.isVisible()
    part.open()
    assert part.widget() is gallery
    assert gallery.isVisible()


def test_ten_thousand_frames_keep_few_thumbnails(at_work, part, gallery, results):
    """Only what is seen is asked for, and only so many stay."""
    state = part.desk.gallery
    one = state[0]
    many = [
        replace(one, record=one.record.model_copy(update={"id": f"{one.record.id}{n}"}))
        for n in range(10_000)
    ]
    gallery.model.pictures.clear()
    drawn = []
    gallery.model._thumbnails.get = lambda _r, record, _o: (
        drawn.append(record.id) or np.zeros((128, 128, 3), np.uint8)
    )
    state.show(results, many[5_000:])
    at_work.settle(0.2)
    seen = len(drawn)
    assert 0 < seen < 60
    # More of the run leaves in its place what is looked at: by the wheel, or in hand.
    bar = gallery.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    state.show(results, many[4_000:])
    at_work.settle(0.1)
    assert bar.value() == place
    state.move(2_000)
    top = gallery.list.visualRect(gallery.list.currentIndex()).top()
    state.show(results, many)
    at_work.settle(0.1)
    assert state.place == 6_000
    assert gallery.list.visualRect(gallery.list.currentIndex()).top() == top
    for share in np.linspace(0, 1, 120):
        bar.setValue(round(share * bar.maximum()))
        at_work.settle(0.01)
        assert len(gallery.model.pictures) <= KEPT
    assert len(drawn) < 5_000
