"""What a grader sees and does in the window, with mouse and keys."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from grader_hand import move_pressed
from grey import GreyPredictor
from qtpy.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_mae_sam2.annotate.detached_run import DetachedRun

TOP, SIDE = (10, 12), (40, 60)


def test_click_refine_undo_commit(at_work):
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]
    assert at_work.widget.layers.proposal.get_value(TOP, world=True) == 1
    at_work.click(SIDE)
    assert at_work.wait_for_proposal()[SIDE]
    at_work.click((42, 62), leakage=False)
    assert not at_work.wait_for_proposal()[SIDE]
    at_work.look()
    assert len(at_work.widget.layers.prompts.data) == 3

    at_work.press("Z")
    assert at_work.wait_for_proposal()[SIDE]
    at_work.press("Z", shift=True)
    assert not at_work.wait_for_proposal()[SIDE]

    at_work.press("C")
    leakage = at_work.widget.layers.leakage
    assert leakage.data[TOP] == 1
    assert leakage.data is at_work.session.labels
    assert not at_work.widget.layers.proposal.data.any()
    at_work.look()
    assert len(at_work.widget.layers.prompts.data) == 0
    assert "1 lesion, not saved" in at_work.widget.labels.summary.text()


def test_control_click_is_negative_and_t_changes_the_left_button(at_work):
    at_work.press("T")
    assert at_work.widget.segment.negative.isChecked()
    at_work.click(TOP)
    at_work.click(SIDE, leakage=False)
    at_work.press("T")
    at_work.click(TOP)
    said = [click.positive for click in at_work.session.draft.clicks]
    assert said == [False, True, True]


def test_a_drag_is_a_box(at_work):
    at_work.drag([(28, 45), (40, 60), (52, 73)])
    (box,) = at_work.session.draft.boxes
    assert abs(box.top - 28) < 1.5
    assert abs(box.right - 73) < 1.5
    assert at_work.wait_for_proposal()[SIDE]
    assert at_work.widget.layers.drawn.boxes == (box,)
    at_work.press("R")
    at_work.look()
    assert not at_work.widget.layers.drawn.isVisible()


def test_space_moves_the_picture_and_sets_no_prompt(at_work, qtbot):
    before = at_work.viewer.scene.camera.center
    at_work.canvas.setFocus()
    qtbot.keyPress(at_work.canvas, " ")
    at_work.drag([(20, 20), (30, 40)])
    qtbot.keyRelease(at_work.canvas, " ")
    assert at_work.session.draft.is_empty
    assert at_work.viewer.scene.camera.center != before
    at_work.click(SIDE)
    assert not at_work.session.draft.is_empty


def test_space_let_go_elsewhere_does_not_swallow_clicks(at_work, qtbot):
    at_work.canvas.setFocus()
    qtbot.keyPress(at_work.canvas, " ")
    assert at_work.widget.mouse.is_panning
    # Without a window manager no window is active, so Qt is told by hand.
    elsewhere = at_work.widget.labels.grader
    QApplication.instance().focusChanged.emit(at_work.canvas, elsewhere)
    at_work.click(SIDE)
    assert not at_work.session.draft.is_empty


def test_a_click_beside_the_frame_is_no_prompt(at_work):
    at_work.click((-8, 20))
    assert at_work.session.draft.is_empty


def test_candidates_are_cycled(at_work):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.look()
    assert "Candidate 1 of 3" in at_work.widget.segment.candidate.text()
    at_work.press("Q")
    at_work.look()
    assert "Candidate 2 of 3" in at_work.widget.segment.candidate.text()
    at_work.press("Q")
    assert not at_work.widget.layers.proposal.data.any()
    at_work.press("C")
    assert "empty" in at_work.widget.messages.text


def test_all_leakage_is_accepted_as_lesions(at_work):
    at_work.press("S")
    at_work.wait(lambda: at_work.session.is_reviewing, "patches")
    at_work.press("A")
    assert at_work.session.lesion_numbers() == [1]
    at_work.press("A")
    assert at_work.session.lesion_numbers() == [1, 2]


def test_a_commit_does_not_overwrite_an_earlier_lesion(at_work):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.drag([(2, 2), (25, 30)])
    at_work.wait_for_proposal()
    at_work.press("C")
    assert at_work.session.labels[TOP] == 1
    assert at_work.session.labels[20, 25] == 2


def test_paint_erase_fill_and_polygon_are_napari_s_and_undo_in_order(at_work):
    layers = at_work.widget.layers
    empty = at_work.session.labels.copy()
    at_work.press("P")
    assert layers.leakage.mode == "paint"
    at_work.drag([(20, 10), (20, 30)])
    painted = at_work.session.labels.copy()
    assert painted[20, 20] == 1
    at_work.press("E")
    assert layers.leakage.mode == "erase"
    at_work.drag([(20, 20), (20, 24)])
    assert at_work.session.labels[20, 21] == 0
    at_work.press("3")
    assert layers.leakage.mode == "polygon"
    layers.leakage.selected_label = 4
    for corner in ((30, 10), (30, 30), (45, 20)):
        at_work.click(corner)
    at_work.canvas.setFocus()
    at_work.press("\r")
    assert at_work.session.labels[34, 20] == 4
    at_work.press("F")
    assert layers.leakage.mode == "fill"
    layers.leakage.selected_label = 3
    at_work.click((55, 5))
    assert at_work.session.labels[55, 5] == 3
    assert at_work.session.labels[34, 20] == 4

    at_work.press("Z", control=True)
    assert at_work.session.labels[55, 5] == 0
    assert at_work.session.labels[34, 20] == 4
    at_work.press("Z", control=True)
    assert at_work.session.labels[34, 20] == 0
    at_work.press("Z", control=True)
    assert (at_work.session.labels == painted).all()
    at_work.press("Z", control=True)
    assert (at_work.session.labels == empty).all()
    at_work.press("Z", control=True, shift=True)
    assert (at_work.session.labels == painted).all()
    assert (layers.leakage.data == painted).all()


def test_m_begins_a_lesion_and_x_makes_no_eraser_of_the_brush(at_work):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    layer = at_work.widget.layers.leakage
    layer.brush_size = 3
    at_work.press("M")
    at_work.drag([(50, 20), (50, 24)])
    assert at_work.session.lesion_numbers() == [1, 2]
    at_work.press("M")
    at_work.drag([(54, 60), (54, 64)])
    assert at_work.session.lesion_numbers() == [1, 2, 3]
    before = at_work.session.labels.copy()
    at_work.press("X")
    at_work.press("P")
    assert layer.selected_label == 3
    at_work.drag([(54, 60), (54, 62)])
    assert (at_work.session.labels == before).all()


def test_a_drag_that_ends_on_another_case_is_no_prompt(at_work):
    first = at_work.session
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    canvas, start = at_work.canvas, at_work.point((10, 10))
    QTest.mouseMove(canvas, start)
    QTest.mousePress(canvas, left, none, start)
    move_pressed(canvas, at_work.point((25, 30)))
    at_work.widget.desk.step(1)
    at_work.wait(lambda: at_work.session is not first, "the next case")
    move_pressed(canvas, at_work.point((30, 40)))
    QTest.mouseRelease(canvas, left, none, at_work.point((30, 40)))
    at_work.settle(0.1)
    assert first.draft.is_empty
    assert at_work.session.draft.is_empty


def test_napari_s_own_keys_stay_on_the_leakage_layer(at_work):
    at_work.press("P")
    leakage = at_work.widget.layers.leakage
    at_work.press("6")
    assert leakage.mode == "pan_zoom"
    at_work.press("B")
    assert leakage.preserve_labels
    leakage.selected_label = 1
    at_work.press("=")
    assert leakage.selected_label == 2
    at_work.press("S")
    assert at_work.widget.layers.is_prompting


def test_next_saves_and_the_labels_are_there_again(at_work, folder):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("N")
    at_work.wait(lambda: at_work.widget.desk.worklist.index == 1, "the next case")
    at_work.wait_until_ready()
    assert not at_work.widget.layers.leakage.data.any()
    assert list((folder / "leakage-study").rglob("lesions.tif"))
    at_work.press("N", shift=True)
    at_work.wait(lambda: at_work.widget.desk.worklist.index == 0, "going back")
    at_work.wait_until_ready()
    assert at_work.widget.layers.leakage.data[TOP] == 1


def test_clicks_made_while_the_frame_is_read_are_answered(grader, folder, models):
    hold = threading.Event()
    models["slow"] = GreyPredictor("slow", hold)
    grader.widget.commands.use_model("slow")
    grader.widget.open_paths([folder])
    grader.wait(lambda: models["slow"].started.is_set(), "reading")
    grader.wait(lambda: "Reading" in grader.widget.segment.state.text(), "the words")
    grader.click(TOP)
    assert grader.session.proposal is None
    grader.widget.segment._stop.click()
    assert "Stopped" in grader.widget.segment.state.text()
    hold.set()
    grader.click(SIDE)
    assert grader.wait_for_proposal()[SIDE]
    assert grader.session.proposal.mask()[TOP]


def test_a_bad_checkpoint_leaves_the_model_in_use(at_work):
    at_work.widget.commands.use_model("broken.safetensors")
    at_work.wait(lambda: bool(at_work.widget.messages.text), "a message")
    assert at_work.widget.messages.text == "broken.safetensors is no checkpoint."
    assert at_work.widget.model.name.text() == "grey"
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]


def test_a_bad_file_is_a_sentence_and_the_next_opens(grader, folder):
    (folder / "eye 1.png").write_bytes(b"no image")
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.press("N")
    grader.wait(lambda: "eye 1.png" in grader.widget.messages.text, "a message")
    assert grader.widget.layers.frame is None
    grader.push("Next ▶")
    grader.wait_until_ready()
    assert grader.session.frame.name == "eye 2"
    grader.click(TOP)
    assert grader.wait_for_proposal()[TOP]


def test_a_read_only_folder_loses_nothing(at_work, folder):
    (folder / "leakage-study").write_text("a file in the way")
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("N")
    at_work.wait(lambda: bool(at_work.widget.messages.text), "a message")
    at_work.wait(lambda: at_work.widget.desk.worklist.index == 1, "the next case")
    at_work.wait_until_ready()
    at_work.press("N", shift=True)
    at_work.wait(lambda: at_work.session.frame.name == "eye 0", "going back")
    assert at_work.session.labels[TOP] == 1
    (folder / "leakage-study").unlink()
    at_work.press("N")
    at_work.wait(
        lambda: bool(list((folder / "leakage-study").rglob("lesions.tif"))), "saving"
    )


def test_an_image_that_napari_opened_becomes_a_case(grader):
    pixels = np.full((64, 96), 30, np.uint8)
    pixels[10:20, 10:20] = 220
    grader.viewer.add_image(pixels, name="mine")
    grader.wait_until_ready()
    assert grader.session.frame.name == "mine"
    # It is somebody's: it stays, hidden behind the frame of the case.
    (mine,) = (x for x in grader.viewer.layers if not grader.widget.layers.is_ours(x))
    assert not mine.visible
    assert len(grader.viewer.layers) == 6


def test_a_stack_is_refused_with_a_sentence_and_stays(grader):
    stack = grader.viewer.add_image(np.zeros((5, 64, 64), np.uint8), name="stack")
    grader.wait(lambda: bool(grader.widget.messages.text), "a message")
    assert "stack" in grader.widget.messages.text
    assert stack in grader.viewer.layers


def test_napari_s_own_save_writes_the_labels_with_their_frame(at_work, tmp_path):
    commit(at_work, TOP)
    leakage = at_work.widget.layers.leakage
    leakage.save(str(tmp_path / "mine.tif"), plugin="napari-mae-sam2")
    record = json.loads((tmp_path / "mine.leakage.json").read_text())
    assert record["frame_sha256"] == at_work.session.frame.sha256
    assert len(record["lesions"]) == 1


def test_layers_that_are_deleted_come_back(at_work):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.viewer.layers.clear()
    at_work.settle(0.3)
    assert at_work.widget.layers.leakage.data[TOP] == 1
    at_work.click(SIDE)
    assert at_work.wait_for_proposal()[SIDE]


def test_a_folder_dropped_on_the_dock_opens(grader, folder):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(20, 20), copy, data, left, none)
    QApplication.sendEvent(grader.widget, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPoint(20, 20), copy, data, left, none)
    QApplication.sendEvent(grader.widget, drop)
    grader.wait_until_ready()
    assert len(grader.widget.desk.worklist.cases) == 3


def test_closing_the_window_saves(at_work, folder):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.window.close()
    assert list((folder / "leakage-study").rglob("lesions.tif"))
    assert at_work.widget.desk.annotator.predictor.closed  # and every worker stopped


def test_the_sheet_of_keys_opens_and_closes(at_work):
    at_work.press("H")
    sheet = at_work.widget._keys_sheet
    assert sheet.isVisible()
    assert sheet.width() <= 1280
    assert sheet.height() <= 690  # of 720, less the frame of the window
    at_work.press("H")
    assert not sheet.isVisible()


def test_the_sample_opens_with_a_button(grader):
    grader.push("Sample")
    grader.wait_until_ready()
    assert grader.session.frame.name == "sample"


@pytest.mark.parametrize("count", [300])
def test_a_long_list_shows_where_one_is(grader, tmp_path, count):
    many = tmp_path / "many"
    many.mkdir()
    for index in range(count):
        (many / f"{index:04d}.png").write_bytes(b"not read yet")
    grader.widget.open_paths([many])
    grader.wait(lambda: "1 of 300" in _where(grader), "the list")
    grader.press("N")
    grader.widget.desk.step(1)
    grader.wait(lambda: "2 of 300" in _where(grader), "the next")


def _where(grader):
    return grader.widget.cases._where.text()


def test_export_does_not_call_an_untouched_case_free_of_leakage(at_work, folder):
    at_work.push("Export")
    at_work.wait(lambda: bool(at_work.widget.messages.text), "a sentence")
    assert "not a study" in at_work.widget.messages.text
    assert not (folder / "leakage-study").exists()


def test_a_grader_code_counts_without_leaving_its_field(at_work, folder):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.widget.labels.grader.setFocus()
    at_work.widget.labels.grader.selectAll()
    QTest.keyClicks(at_work.widget.labels.grader, "g-07")
    at_work.push("Save")
    at_work.wait(lambda: "Saved" in at_work.widget.messages.text, "saving")
    (record,) = (folder / "leakage-study").rglob("revision.json")
    assert json.loads(record.read_text())["grader"] == "g-07"


def test_a_second_click_is_a_prompt_and_does_not_zoom(at_work):
    zoom = at_work.viewer.scene.camera.zoom
    point = at_work.point(TOP)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(at_work.canvas, left, none, point)
    QTest.mouseDClick(at_work.canvas, left, none, point)
    at_work.settle()
    assert at_work.viewer.scene.camera.zoom == zoom
    assert len(at_work.session.draft.clicks) >= 2


def test_prompts_stay_locked_after_a_look_in_3d(at_work):
    at_work.viewer.dims.ndisplay = 3
    at_work.settle()
    at_work.click(TOP)
    assert at_work.session.draft.is_empty
    at_work.viewer.dims.ndisplay = 2
    at_work.settle()
    assert not at_work.widget.layers.prompts.editable
    assert not at_work.widget.layers.proposal.editable
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]


def test_a_picture_that_somebody_computed_stays(at_work):
    layer = at_work.viewer.add_image(np.ones((40, 40), np.float32), name="computed")
    at_work.settle(0.3)
    assert layer in at_work.viewer.layers
    assert at_work.session.frame.name == "eye 0"


def test_the_window_that_stays_open_goes_on_working(at_work, folder):
    class Stay(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Close:
                event.ignore()
                return True
            return False

    commit(at_work, TOP)
    # Filters run from the last to the first: ours sees the event, then this one.
    stay = Stay(at_work.window)
    at_work.widget.closing.close()
    at_work.window.installEventFilter(stay)
    at_work.widget.closing.watch()
    at_work.window.close()
    at_work.settle(0.3)
    assert at_work.window.isVisible()
    assert list((folder / "leakage-study").rglob("lesions.tif"))
    at_work.click(SIDE)
    assert at_work.wait_for_proposal()[SIDE]
    at_work.window.removeEventFilter(stay)


def test_closing_the_dock_saves_and_cleans_up(at_work, folder):
    commit(at_work, TOP)
    at_work.viewer.window.remove_dock_widget(at_work.widget)
    at_work.settle(0.3)
    assert list((folder / "leakage-study").rglob("lesions.tif"))
    assert list(at_work.viewer.layers) == []
    at_work.viewer.add_image(np.zeros((30, 30)), name="after")
    assert [layer.name for layer in at_work.viewer.layers] == ["after"]


def test_closing_the_window_under_a_floating_dock_saves(at_work, folder):
    commit(at_work, TOP)
    at_work.widget.parentWidget().setFloating(True)
    at_work.settle(0.3)
    at_work.window = at_work.viewer.window._qt_window
    at_work.window.close()
    at_work.settle(0.3)
    assert list((folder / "leakage-study").rglob("lesions.tif"))


def test_a_window_whose_labels_can_be_saved_nowhere_asks_once(
    at_work, folder, tmp_path
):
    commit(at_work, TOP)
    (folder / "leakage-study").write_text("in the way")
    (tmp_path / "labels").write_text("in the way, too")
    at_work.window.close()
    at_work.settle(0.2)
    assert at_work.window.isVisible()
    assert "close again" in at_work.widget.messages.text
    at_work.window.close()
    at_work.settle(0.2)
    assert not at_work.window.isVisible()


def test_training_is_started_once_and_only_on_saved_labels(
    at_work, folder, monkeypatch
):
    started = []

    class Running:
        is_running = True

        def close(self):
            pass

    def start(*_arguments):
        started.append(Running())
        return started[-1]

    monkeypatch.setattr(DetachedRun, "start", start)
    commit(at_work, TOP)
    (folder / "leakage-study").write_text("in the way")
    at_work.widget.rounds.start()
    at_work.wait(lambda: bool(at_work.widget.messages.text), "the sentence")
    at_work.settle(0.2)
    assert not started
    (folder / "leakage-study").unlink()
    at_work.widget.rounds.start()
    at_work.widget.rounds.start()
    at_work.wait(lambda: bool(started), "the start")
    at_work.settle(0.2)
    assert len(started) == 1


def commit(grader, place):
    grader.click(place)
    grader.wait_for_proposal()
    grader.press("C")
