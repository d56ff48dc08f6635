"""How frames are looked at, in the window."""

from __future__ import annotations

import numpy as np
import pytest
from grey import make_frame
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QLabel

from napari_mae_sam2._qt.view import part as view_part
from napari_mae_sam2._qt.view.part import ViewPart
from napari_mae_sam2.fa.scale import PixelScale

TOP, SIDE = (10, 12), (40, 60)


@pytest.fixture
def view(at_work):
    (found,) = (p for p in at_work.widget.parts if isinstance(p, ViewPart))
    return found


def drawn(grader, widget=None):
    """What is drawn over the canvas, as an array of (row, column, RGBA)."""
    picture = (widget or overlay(grader)).grab().toImage()
    picture = picture.convertToFormat(picture.Format.Format_RGBA8888)
    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    shape = picture.height(), picture.bytesPerLine() // 4, 4
    return np.frombuffer(bits, np.uint8).reshape(shape).copy()


def overlay(grader):
    return next(p for p in grader.widget.parts if isinstance(p, ViewPart)).overlay


def commit(grader, place):
    grader.click(place)
    grader.wait_for_proposal()
    grader.press("C")


def test_contrast_and_gamma_are_kept_for_the_device(at_work, view, tmp_path, folder):
    Image.fromarray(make_frame(seed=5).pixels[:50]).save(folder / "smaller.png")
    at_work.widget.open_paths([folder])
    at_work.wait_until_ready()
    view.frame_panel.contrast.setValue((15.0, 120.0))
    view.frame_panel.gamma.setValue(0.6)
    image = at_work.widget.layers.frame
    assert image.contrast_limits == [15.0, 120.0]
    assert image.gamma == pytest.approx(0.6)
    at_work.press("N")
    at_work.wait(lambda: at_work.session.frame.name == "eye 1", "the next case")
    assert at_work.widget.layers.frame.contrast_limits == [15.0, 120.0]
    at_work.widget.desk.go(3)
    at_work.wait(lambda: at_work.session.frame.name == "smaller", "another size")
    assert at_work.widget.layers.frame.contrast_limits == [0.0, 255.0]
    assert at_work.widget.layers.frame.gamma == 1.0
    at_work.widget.desk.go(0)
    at_work.wait(lambda: at_work.session.frame.name == "eye 0", "back")
    # napari's own sliders count as well.
    at_work.widget.layers.frame.contrast_limits = (20, 100)
    assert view.frame_panel.contrast.value() == (20.0, 100.0)
    at_work.widget.preferences.close()
    assert "20" in (tmp_path / "window.json").read_text()
    at_work.push("Reset") if view.frame_panel.isVisible() else view.display.reset()
    assert at_work.widget.layers.frame.contrast_limits == [0.0, 255.0]


def test_local_contrast_and_inverted_change_the_screen_alone(at_work, view, models):
    plain = at_work.session.frame.pixels.copy()
    at_work.press("K")
    image = at_work.widget.layers.frame
    at_work.wait(lambda: (image.data != plain).any(), "local contrast")
    at_work.press("I")
    assert image.colormap.name == "gray_r"
    assert (at_work.session.frame.pixels == plain).all()
    asked = list(models[None].encoded)
    commit(at_work, TOP)
    assert models[None].encoded == asked
    assert at_work.session.labels[TOP] == 1
    at_work.press("N")
    at_work.wait(lambda: at_work.session.frame.name == "eye 1", "the next case")
    other = at_work.session.frame.pixels
    at_work.wait(lambda: (image.data != other).any(), "local contrast again")
    at_work.press("K")
    at_work.press("I")
    assert image.data is other
    assert image.colormap.name == "gray"


def test_a_treatment_that_fails_is_a_sentence(at_work, view, monkeypatch):
    from napari_mae_sam2._qt.view import frame_display

    def refuse(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(frame_display, "treated", refuse)
    at_work.press("K")
    at_work.wait(lambda: "cannot be shown so" in at_work.widget.messages.text, "it")
    assert at_work.widget.layers.frame.data is at_work.session.frame.pixels
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]


def test_a_colour_frame_in_green_and_as_a_negative(at_work, view, folder):
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = 40, 90
    pixels[20:30, 20:30, 1] = 220
    Image.fromarray(pixels).save(folder / "colour.png")
    at_work.widget.open_paths([folder / "colour.png"])
    at_work.wait(lambda: at_work.session.frame.name == "colour", "the colour frame")
    layers = at_work.widget.layers
    assert layers.frame.rgb
    assert not view.frame_panel.contrast.isEnabled()
    at_work.press("I")
    at_work.wait(lambda: (layers.frame.data == 255 - pixels).all(), "the negative")
    at_work.press("U", shift=True)
    at_work.wait(lambda: not layers.frame.rgb, "green")
    assert (layers.frame.data == pixels[..., 1]).all()
    assert layers.frame.colormap.name == "gray_r"
    assert view.frame_panel.contrast.isEnabled()
    assert at_work.viewer.layers.index(layers.frame) == 0
    assert layers.is_prompting


def test_the_bare_frame_while_a_key_is_held(at_work, view):
    commit(at_work, TOP)
    at_work.press("G")
    layers = at_work.widget.layers
    layers.prompts.visible = False
    at_work.drag([(28, 45), (40, 60), (52, 73)])
    assert layers.drawn.isVisible()
    at_work.canvas.setFocus()
    QTest.keyPress(at_work.canvas, "D")
    at_work.settle(0.05)
    shown = [layer.name for layer in at_work.viewer.layers if layer.visible]
    assert shown == ["eye 0"]
    assert not overlay(at_work).isVisible()
    assert not layers.drawn.isVisible()
    QTest.keyRelease(at_work.canvas, "D")
    at_work.settle(0.05)
    assert layers.leakage.visible
    assert layers.proposal.visible
    assert layers.drawn.isVisible()
    assert not layers.prompts.visible  # as the grader had it
    assert overlay(at_work).isVisible()


def test_a_held_key_that_is_let_go_elsewhere(at_work, view):
    at_work.canvas.setFocus()
    QTest.keyPress(at_work.canvas, "D")
    assert not at_work.widget.layers.leakage.visible
    elsewhere = at_work.widget.labels.grader
    QApplication.instance().focusChanged.emit(at_work.canvas, elsewhere)
    assert at_work.widget.layers.leakage.visible


def test_opacity_by_key_slider_and_napari(at_work, view):
    leakage = at_work.widget.layers.leakage
    at_work.press("O")
    assert leakage.opacity == pytest.approx(0.8)
    at_work.press("O")
    assert leakage.opacity == pytest.approx(0.25)
    assert at_work.widget.layers.proposal.opacity < 0.25
    view.overlay_panel.opacity.setValue(0.4)
    assert leakage.opacity == pytest.approx(0.4)
    leakage.opacity = 0.9
    assert view.overlay_panel.opacity.value() == pytest.approx(0.9)


def test_outlines_lie_on_the_edge_at_every_zoom(at_work, view):
    commit(at_work, TOP)  # rows 5 to 14, columns 5 to 19
    at_work.press("U")
    leakage = at_work.widget.layers.leakage
    assert leakage.opacity == 0
    for zoom in (3.0, 9.0):
        at_work.viewer.scene.camera.center = (0, 10, 12)
        at_work.viewer.scene.camera.zoom = zoom
        at_work.settle(0.1)
        picture = drawn(at_work)[..., 3]
        inside, outside = at_work.point((10, 12)), at_work.point((25, 12))
        edge = at_work.point((10, 4.5))  # between the columns 4 and 5
        assert picture[inside.y(), inside.x()] == 0
        assert picture[outside.y(), outside.x()] == 0
        row = picture[edge.y(), edge.x() - 4 : edge.x() + 5]
        assert 1 <= np.count_nonzero(row) <= 4  # as thin at every zoom
    # Paint is seen at once.
    before = drawn(at_work)[..., 3].copy()
    at_work.press("P")
    leakage.brush_size = 6
    at_work.drag([(30, 10), (30, 16)])
    assert (drawn(at_work)[..., 3] != before).any()
    at_work.press("S")
    at_work.press("U")
    assert leakage.opacity > 0


def test_the_grid_and_the_scale_bar_say_pixels_until_a_scale_is_known(
    at_work, view, monkeypatch
):
    said = []
    original = view_part.Overlay._write

    def listen(self, painter, words, area, right):
        said.append(words)
        original(self, painter, words, area, right)

    monkeypatch.setattr(view_part.Overlay, "_write", listen)
    at_work.press("G")
    at_work.press("Y", shift=True)
    drawn(at_work)
    assert any(words.startswith("Grid ") and words.endswith("px") for words in said)
    assert any(words.endswith("px") and "Grid" not in words for words in said)
    said.clear()
    view.overlay_panel.scale.setValue(8.0)
    drawn(at_work)
    assert all("px" not in words for words in said)
    assert any("µm" in words and "the grader" in words for words in said)
    assert view.looks.scale(at_work.session.frame) == PixelScale(8.0, "the grader")
    said.clear()
    view.overlay_panel.scale.setValue(0.0)
    drawn(at_work)
    assert all("µm" not in words for words in said)


def test_clicks_go_through_what_is_drawn_over_the_canvas(at_work, view):
    at_work.press("G")
    at_work.press("U")
    assert overlay(at_work).isVisible()
    child = at_work.canvas.childAt(at_work.point(TOP))
    assert child is None
    at_work.click(TOP)
    assert at_work.wait_for_proposal()[TOP]


def test_the_mini_map_appears_when_zoomed_in_and_goes_where_one_clicks(at_work, view):
    mini = view.mini_map
    assert not mini.isVisible()
    at_work.viewer.scene.camera.zoom *= 5
    at_work.settle(0.05)
    assert mini.isVisible()
    target = QPoint(round(mini.width() * 0.75), round(mini.height() * 0.25))
    QTest.mouseClick(
        mini, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, target
    )
    row, column = at_work.viewer.scene.camera.center[-2:]
    assert row == pytest.approx(0.25 * 60, abs=1.5)
    assert column == pytest.approx(0.75 * 80, abs=1.5)
    seen = mini.seen()
    assert seen.center().x() == pytest.approx(0.75 * mini.width(), abs=3)
    assert at_work.session.draft.is_empty
    at_work.press("Y")
    assert not mini.isVisible()
    at_work.press("Y")
    assert mini.isVisible()


def test_the_other_frame_beside_with_one_camera_and_one_cursor(at_work, view, folder):
    larger = np.kron(make_frame(seed=1).pixels, np.ones((2, 2), np.uint8))
    Image.fromarray(larger).save(folder / "eye 1.png")
    at_work.press("J")
    at_work.wait(lambda: view.beside.name is not None, "the other frame")
    assert view.beside.name == "eye 1, shown at 50 %"
    other = at_work.viewer.layers[-1]
    assert view.beside.is_other(other)
    # The same place of both frames is at the same place of the world.
    assert other.data_to_world((20.5, 24.5)) == pytest.approx((10, 12))
    canvas = at_work.viewer.canvas
    assert canvas.grid.actual_shape(at_work.viewer.layers) in ((1, 2), (2, 1))
    positions = {
        layer.name: canvas.grid.position(index, at_work.viewer.layers)
        for index, layer in enumerate(at_work.viewer.layers)
        if layer.visible  # napari gives hidden ones no view
    }
    assert positions.pop(other.name) != (0, 0)
    assert set(positions.values()) == {(0, 0)}
    assert at_work.widget.layers.is_prompting

    # A click in either view is a click on the case; the cross shows where.
    from napari_mae_sam2._qt.view.canvas_geometry import cells

    case, beside = cells(at_work.viewer)
    for cell in (beside, case):
        point = cell.on_canvas(*TOP).toPoint()
        QTest.mouseMove(at_work.canvas, point)
        QTest.mouseClick(
            at_work.canvas,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            point,
        )
        at_work.settle(0.05)
    first, second = at_work.session.draft.clicks
    assert (first.row, first.column) == pytest.approx(TOP, abs=0.5)
    assert (second.row, second.column) == pytest.approx(TOP, abs=0.5)
    cross = beside.on_canvas(*TOP).toPoint()
    assert drawn(at_work)[cross.y(), cross.x() + 10, 3] > 0
    here = case.on_canvas(*TOP).toPoint()
    assert drawn(at_work)[here.y(), here.x() + 10, 3] == 0

    at_work.press("J")
    assert view.beside.name is None
    assert not canvas.grid.enabled
    assert other not in at_work.viewer.layers


def test_the_other_frame_follows_the_list_and_survives_others_layers(at_work, view):
    at_work.press("J")
    at_work.wait(lambda: view.beside.name == "eye 1", "the next frame")
    at_work.press("N")
    at_work.wait(lambda: view.beside.name == "eye 2", "the one after")
    at_work.viewer.add_points(np.zeros((1, 2)), name="somebody's")
    at_work.settle(0.1)
    assert view.beside.is_other(at_work.viewer.layers[-1])
    assert at_work.viewer.canvas.grid.stride == len(at_work.viewer.layers) - 1
    at_work.viewer.layers.remove(at_work.viewer.layers[-1])
    at_work.settle(0.1)
    assert view.beside.name is None
    assert not view.comparison.is_on
    assert not at_work.viewer.canvas.grid.enabled


def test_a_case_of_the_list_is_picked(at_work, view):
    picker = view.compare_panel.picker
    picker.showPopup()
    words = [picker.itemText(index) for index in range(picker.count())]
    assert words == [
        "Next in the list",
        "Previous in the list",
        "eye 0",
        "eye 1",
        "eye 2",
    ]
    picker.hidePopup()
    picker.setCurrentIndex(4)
    picker.activated.emit(4)
    at_work.wait(lambda: view.beside.name == "eye 2", "the frame that was picked")
    boxes = view.compare_panel.findChildren(QCheckBox)
    assert [box.isChecked() for box in boxes] == [True]
    assert picker.currentText() == "eye 2"
    assert any(
        label.text() == "eye 2" for label in view.compare_panel.findChildren(QLabel)
    )


def test_the_view_is_as_it_was_at_the_next_start(at_work, view, tmp_path):
    for key in ("G", "I", "O"):
        at_work.press(key)
    at_work.widget.shut_down()
    from napari_mae_sam2.annotate.view_state import ViewState
    from napari_mae_sam2.study.preferences import Preferences

    again = ViewState(Preferences(tmp_path / "window.json")).view
    assert again.grid
    assert again.inverted
    assert again.opacity == pytest.approx(0.8)
