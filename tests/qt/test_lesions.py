"""The table of lesions, their kinds and colours, as a grader uses them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QTableView

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.kind_colours import unclassified_colours
from napari_mae_sam2._qt.lesion_table import COLUMNS, LesionTable, SortedLesions
from napari_mae_sam2.annotate.lesion_rows import LesionRow


@pytest.fixture
def with_lesions(at_work):
    """Three lesions of 12, 150 and 4 pixels; the Lesions tab is open."""
    session = at_work.session
    session.labels[20:23, 30:34] = 1
    session.labels[5:15, 5:20] = 2
    session.labels[30:32, 50:52] = 3
    session.painted()
    at_work.widget.tabs.show_tab(Tab.LESIONS)
    at_work.wait(lambda: cells(at_work, 3)[:1] != ["…"], "the size of the field")
    return at_work


def table(grader):
    (found,) = grader.widget.findChildren(QTableView)
    return found


def cells(grader, column):
    model = table(grader).model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def choose(grader, row, modifier=Qt.KeyboardModifier.NoModifier):
    view = table(grader)
    place = view.visualRect(view.model().index(row, 1)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)
    grader.settle(0.05)


def test_the_table_shows_number_area_share_and_grey(with_lesions):
    assert cells(with_lesions, 0) == ["1", "2", "3"]
    assert cells(with_lesions, 2) == ["12", "150", "4"]
    assert float(cells(with_lesions, 3)[1]) == pytest.approx(100 * 150 / 4800, abs=9)
    assert cells(with_lesions, 4) == ["20", "200", "160"]
    with_lesions.press("Z")
    assert cells(with_lesions, 0) == []


def test_a_click_flies_there_and_hands_the_lesion_to_the_brush(with_lesions):
    choose(with_lesions, 2)
    center = with_lesions.viewer.scene.camera.center[-2:]
    assert center == pytest.approx((30.5, 50.5))
    assert with_lesions.widget.layers.leakage.selected_label == 3
    choose(with_lesions, 1)
    assert with_lesions.viewer.scene.camera.center[-2:] == pytest.approx((9.5, 12))
    size = min(with_lesions.viewer.canvas.size)
    assert 15 * with_lesions.viewer.scene.camera.zoom < size / 2


def test_delete_deletes_what_is_chosen_and_undo_brings_it_back(with_lesions):
    choose(with_lesions, 0)
    choose(with_lesions, 2, Qt.KeyboardModifier.ControlModifier)
    with_lesions.press(Qt.Key.Key_Delete)
    assert with_lesions.session.lesion_numbers() == [2]
    with_lesions.press("Z")
    assert with_lesions.session.lesion_numbers() == [1, 2, 3]
    choose(with_lesions, 1)
    with_lesions.push("Delete")
    assert with_lesions.session.lesion_numbers() == [1, 3]
    with_lesions.press("Z")
    choose(with_lesions, 0)
    QTest.keyClick(table(with_lesions), Qt.Key.Key_Delete)
    assert with_lesions.session.lesion_numbers() == [2, 3]


def test_delete_without_a_lesion_says_what_to_do(at_work):
    at_work.press(Qt.Key.Key_Delete)
    assert "Pick a lesion first" in at_work.widget.messages.text
    at_work.session.labels[5:15, 5:20] = 1
    at_work.session.painted()
    alt(at_work, "3")
    assert at_work.session.lesion(1).kind == "disc"
    assert not at_work.widget.messages.text


def test_keys_give_kinds_with_colours_and_undo(with_lesions):
    leakage = with_lesions.widget.layers.leakage
    choose(with_lesions, 1)
    alt(with_lesions, "3")
    assert with_lesions.session.lesion(2).kind == "disc"
    assert cells(with_lesions, 1) == ["", "disc", ""]
    shown = np.asarray(leakage.colormap.map(2)).ravel()[:3]
    assert shown == pytest.approx([0x81 / 255, 0x8C / 255, 0xF8 / 255], abs=0.01)
    with_lesions.press("Z")
    assert with_lesions.session.lesion(2).kind == ""
    again = np.asarray(leakage.colormap.map(2)).ravel()[:3]
    assert again != pytest.approx(shown, abs=0.01)


def test_the_last_number_has_a_colour_too(with_lesions):
    leakage = with_lesions.widget.layers.leakage
    with_lesions.session.labels[40:44, 30:34] = 65535  # from another program
    with_lesions.session.painted()
    with_lesions.settle(0.1)
    choose(with_lesions, 3)
    alt(with_lesions, "3")
    assert cells(with_lesions, 0) == ["1", "2", "3", "65535"]
    shown = np.asarray(leakage.colormap.map(np.array([65535], np.uint16))).ravel()[:3]
    assert shown == pytest.approx([0x81 / 255, 0x8C / 255, 0xF8 / 255], abs=0.01)
    assert len(leakage.colormap.color_dict) < 1000  # a long map takes long to make


def test_the_kind_of_several_is_one_step(with_lesions):
    choose(with_lesions, 0)
    choose(with_lesions, 1, Qt.KeyboardModifier.ShiftModifier)
    panel = table(with_lesions).parent()
    panel.kind.setCurrentIndex(panel.kind.findData("macular"))
    panel.kind.activated.emit(panel.kind.currentIndex())
    with_lesions.settle(0.05)
    assert cells(with_lesions, 1) == ["macular", "macular", ""]
    with_lesions.press("Z")
    assert cells(with_lesions, 1) == ["", "", ""]


def test_a_comment_belongs_to_the_lesion_it_was_written_for(with_lesions):
    panel = table(with_lesions).parent()
    choose(with_lesions, 0)
    QTest.mouseClick(panel.comment, Qt.MouseButton.LeftButton)
    panel.comment.setFocus()
    QTest.keyClicks(panel.comment, "faint")
    choose(with_lesions, 2)  # without Return
    assert cells(with_lesions, 5) == ["faint", "", ""]
    assert panel.comment.text() == ""
    QTest.keyClicks(panel.comment, "look again")
    QTest.keyClick(panel.comment, Qt.Key.Key_Return)
    with_lesions.settle(0.05)
    assert cells(with_lesions, 5) == ["faint", "", "look again"]
    choose(with_lesions, 0)
    assert panel.comment.text() == "faint"


def test_kinds_and_comments_are_saved(with_lesions, folder):
    choose(with_lesions, 1)
    alt(with_lesions, "5")
    with_lesions.session.describe([2], comment="new vessels")
    with_lesions.widget.tabs.show_tab(Tab.GRADE)
    with_lesions.push("Save")
    with_lesions.wait(lambda: "Saved" in with_lesions.widget.messages.text, "saving")
    (record,) = (folder / "leakage-study").rglob("revision.json")
    lesion = json.loads(record.read_text())["lesions"][1]
    assert (lesion["kind"], lesion["comment"]) == ("neovascular", "new vessels")


def test_filter_and_sort(with_lesions):
    with_lesions.session.describe([1, 3], kind="capillary")
    with_lesions.session.describe([3], comment="near the fovea")
    with_lesions.settle(0.05)
    panel = table(with_lesions).parent()
    table(with_lesions).sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert cells(with_lesions, 0) == ["2", "1", "3"]
    QTest.keyClicks(panel.filter, "capill")
    assert cells(with_lesions, 0) == ["1", "3"]
    QTest.keyClicks(panel.filter, " fovea")
    assert cells(with_lesions, 0) == ["3"]
    panel.filter.setText("2")
    assert cells(with_lesions, 0) == ["2"]


def test_a_study_with_its_own_kinds_has_its_own_keys(grader, folder):
    study = folder / "leakage-study"
    study.mkdir()
    kinds = [{"name": "petaloid", "colour": "#00ff7f", "key": "Alt-7"}]
    (study / "study.json").write_text(json.dumps({"schema": 1, "kinds": kinds}))
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.session.labels[0:3, 0:3] = 1
    grader.session.painted()
    grader.settle(0.05)
    alt(grader, "3")
    assert grader.session.lesion(1).kind == ""
    alt(grader, "7")
    assert grader.session.lesion(1).kind == "petaloid"


def test_a_kind_may_not_take_a_key_of_the_grader(grader, folder):
    study = folder / "leakage-study"
    study.mkdir()
    kinds = [
        {"name": "petaloid", "colour": "#00ff7f", "key": "C"},
        {"name": "stipple", "colour": "#00ffff", "key": "Shift-Control-Z"},
        {"name": "diffuse", "colour": "#ff00ff", "key": "Alt-7"},
    ]
    (study / "study.json").write_text(json.dumps({"schema": 1, "kinds": kinds}))
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    said = grader.widget.messages.text
    assert "C for petaloid, Shift-Control-Z for stipple" in said
    grader.click((10, 12))
    grader.wait_for_proposal()
    grader.press("C")
    assert grader.session.lesion_numbers() == [1]
    assert grader.session.lesion(1).kind == ""
    alt(grader, "7")
    assert grader.session.lesion(1).kind == "diffuse"


def test_invalid_kinds_are_a_sentence_and_the_usual_ones_serve(grader, folder):
    study = folder / "leakage-study"
    study.mkdir()
    (study / "study.json").write_text('{"schema": 1, "kinds": [{"name": "x"}]}')
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    assert "kind 1" in grader.widget.messages.text
    assert len(grader.session.kinds) == 6


def test_the_pick_tool_opens_a_lesion_again(at_work):
    top, side = (10, 12), (40, 60)
    at_work.click(top)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("L")
    at_work.click(top)
    assert "Lesion 1 is open" in at_work.widget.messages.text
    at_work.look()
    assert len(at_work.widget.layers.prompts.data) == 1
    assert at_work.wait_for_proposal()[top]
    at_work.click(side)
    at_work.wait(
        lambda: (
            not at_work.session.draft.as_it_was
            and at_work.session.proposal.draft is at_work.session.draft
        ),
        "the answer",
    )
    at_work.press("C")
    assert at_work.session.lesion_numbers() == [1]
    assert at_work.session.labels[top] == at_work.session.labels[side] == 1
    for _ in range(3):
        at_work.press("Z")
    assert at_work.session.labels[side] == 0
    assert at_work.session.draft.is_empty


def test_the_pick_tool_beside_a_lesion_sets_no_prompt(with_lesions):
    with_lesions.press("L")
    with_lesions.click((55, 5))
    assert "There is no lesion" in with_lesions.widget.messages.text
    assert with_lesions.session.draft.is_empty
    with_lesions.click((10, 12))  # and the next click is a prompt again
    assert not with_lesions.session.draft.is_empty


def test_the_brush_stays_with_the_lesion_that_was_put_back(with_lesions):
    choose(with_lesions, 0)
    with_lesions.push("Edit")
    with_lesions.press("C")
    assert with_lesions.session.lesion_numbers() == [1, 2, 3]
    assert with_lesions.widget.layers.leakage.selected_label == 1


def test_the_table_opens_a_lesion_again(with_lesions):
    choose(with_lesions, 1)
    with_lesions.push("Edit")
    assert with_lesions.session.draft.replaces == 2
    assert with_lesions.widget.layers.is_prompting


def row(number, **more):
    about = {"kind": "", "area": 10, "percent": 0.1, "intensity": 90.0, "comment": ""}
    return LesionRow(number, **about | more)


def test_only_what_changed_is_told(qtmodeltester, qtbot):
    model = LesionTable()
    qtmodeltester.check(model)
    resets, changes = [], []
    model.modelReset.connect(lambda: resets.append(True))
    model.dataChanged.connect(lambda a, b, *_: changes.append((a.row(), b.row())))
    model.show_rows([row(number) for number in range(1, 501)])
    model.show_rows([row(number, area=number) for number in range(1, 501)])
    some = [row(number, area=number) for number in range(1, 501)]
    some[249] = row(250, area=7)
    model.show_rows(some)
    assert len(resets) == 1
    assert changes == [(0, 499), (249, 249)]
    assert model.columnCount() == len(COLUMNS)


def test_lesions_without_a_kind_come_last(qtbot):
    model, ordered = LesionTable(), SortedLesions()
    ordered.setSourceModel(model)
    model.show_rows([row(1), row(2, kind="disc"), row(3, kind="capillary")])
    ordered.sort(1)
    assert [ordered.index(i, 0).data() for i in range(3)] == ["3", "2", "1"]


def alt(grader, key):
    grader.canvas.setFocus()
    QTest.keyClick(grader.canvas, key, Qt.KeyboardModifier.AltModifier)
    grader.settle(0.05)


def test_lesions_without_a_kind_wear_the_colour_of_none(with_lesions):
    """In every study, and also where a kind has what is usual for them."""
    session, layer = with_lesions.session, with_lesions.widget.layers.leakage
    kinds = {kind.colour for kind in session.kinds}
    colours = [to_hex(layer.colormap.map(number)) for number in range(1, 40)]
    assert not kinds & set(colours)
    assert len(set(colours[:3])) == 3  # neighbours can be told apart
    greens = ("#4ade80", "#d9f99d", "#16a34a", "#a3e635", "#bbf7d0", "#65a30d")
    others = unclassified_colours(greens)
    assert len(others) >= 3
    assert not set(greens) & set(others)


def to_hex(colour):
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour[:3])
