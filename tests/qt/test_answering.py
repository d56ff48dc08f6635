"""Finishing cases, leaving a study and the field's edge, with mouse and keys."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from qtpy.QtWidgets import QPushButton
from skimage.draw import disk

from napari_mae_sam2._qt.offers_part import OffersPart
from napari_mae_sam2.study.folder import Study


def statuses(folder):
    paths = sorted(folder.rglob("revision.json"), key=lambda path: path.parent.name)
    return [json.loads(path.read_text())["status"] for path in paths]


def go_on(grader, position, act):
    act()
    worklist = grader.widget.desk.worklist
    grader.wait(lambda: worklist.index == position, "the next case")
    grader.wait_until_ready()
    grader.look()


def draw(grader):
    grader.click((40, 60))
    grader.wait_for_proposal()
    grader.press("C")


def test_n_answers_nothing_and_done_and_no_leakage_do(at_work, folder):
    messages, study = at_work.widget.messages, folder / "leakage-study"
    draw(at_work)
    go_on(at_work, 1, lambda: at_work.press("N"))
    assert "eye 0 is still in progress (1 lesion)" in messages.text
    go_on(at_work, 0, lambda: at_work.press("N", shift=True))
    assert "eye 1 has no lesion and no answer yet" in messages.text
    at_work.wait(lambda: statuses(study) == ["in_work"], "the work to be kept")
    go_on(at_work, 1, lambda: at_work.press("d", alt=True))
    assert messages.text == "eye 0: done."
    at_work.press("d", alt=True)
    assert "No lesion is drawn" in messages.text
    go_on(at_work, 2, lambda: at_work.push("No leakage"))
    assert messages.text == "eye 1: no leakage."
    at_work.wait(lambda: len(list(Study.open(study).labelled())) == 2, "both")
    marks = [case.status.mark for case in at_work.widget.desk.worklist.cases]
    assert marks == ["✓", "✓", "○"]


def test_closing_the_window_answers_nothing(at_work, folder):
    draw(at_work)
    at_work.viewer.close()
    at_work.widget.shut_down()
    assert statuses(folder / "leakage-study") == ["in_work"]


def test_save_keeps_and_says_that_the_case_is_open(at_work, folder):
    messages = at_work.widget.messages
    at_work.press("S", shift=True)
    assert "nothing to save yet" in messages.text
    assert not (folder / "leakage-study").exists()
    draw(at_work)
    at_work.press("S", shift=True)
    at_work.wait(lambda: "Saved in" in messages.text, "the save")
    assert "Done (Alt + D) finishes the case" in messages.text


def test_another_label_folder_gets_nothing_until_the_grader_says_so(
    at_work, folder, tmp_path, monkeypatch
):
    from napari_mae_sam2._qt import wiring

    monkeypatch.setattr(wiring, "ask_folder", lambda *_: tmp_path / "other")
    (part,) = (p for p in at_work.widget.parts if isinstance(p, OffersPart))
    draw(at_work)
    at_work.widget.labels.folder_wanted.emit()
    at_work.wait(lambda: part.bar.isVisible(), "the offer")
    at_work.wait_until_ready()
    assert at_work.session.lesion_numbers() == []
    assert statuses(folder / "leakage-study") == ["in_work"]
    assert not (tmp_path / "other").exists()
    at_work.push("Copy to this study")
    assert not part.bar.isVisible()
    assert at_work.session.lesion_numbers() == [1]
    assert (at_work.widget.layers.leakage.data > 0).any()


@pytest.fixture
def round_field(tmp_path):
    pixels = np.zeros((300, 400), np.uint8)
    rows, columns = disk((150, 200), 140, shape=pixels.shape)
    pixels[rows, columns] = 60
    Image.fromarray(pixels).save(tmp_path / "round.png")
    return tmp_path / "round.png"


def test_paint_beside_the_field_vanishes_with_a_sentence(grader, round_field):
    grader.widget.open_paths([round_field])
    grader.wait_until_ready()
    grader.press("P")
    layer = grader.widget.layers.leakage
    layer.brush_size = 12
    refreshed = []
    layer.events.set_data.connect(lambda _event: refreshed.append(True))
    grader.drag([(10, 10), (10, 40)])
    grader.look()
    assert "Only the photographed field can be graded" in grader.widget.messages.text
    assert not layer.data.any()
    assert refreshed  # what was painted is not seen any more
    grader.drag([(150, 180), (150, 220)])
    grader.look()
    assert grader.session.lesion_numbers()


def test_warnings_stay_until_they_are_closed(at_work):
    bar = at_work.widget.messages
    at_work.widget.desk.warned.emit("The drive is gone.")
    go_on(at_work, 1, lambda: at_work.press("N"))
    assert bar.text.startswith("The drive is gone.\n")
    bar.tell("Good news.")
    assert bar.text == "The drive is gone.\nGood news."
    bar.clear()
    assert bar.text == ""


def test_the_answers_are_offered_once(at_work):
    shown = [
        button.text()
        for button in at_work.widget.findChildren(QPushButton)
        if button.isVisible()
    ]
    for text in ("Done", "No leakage", "Review", "Cannot grade"):
        assert shown.count(text) == 1
