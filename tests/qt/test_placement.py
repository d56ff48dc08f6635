"""Labels lie where they are seen, however the layers and the view are turned."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest

from napari_mae_sam2._qt.view.canvas_geometry import cells
from napari_mae_sam2._qt.view.outlines import LayerOutlined, on_screen
from napari_mae_sam2._qt.view.part import ViewPart

USUAL = ("down", "right")
PLACES = [(8.0, 12.0), (40.0, 60.0), (51.0, 20.0)]


def rotate(viewer):
    """Turn all layers by 90°, as napari's key does; it has no other public way."""
    from napari.components._viewer_key_bindings import rotate_layers

    rotate_layers(viewer)


def flip(viewer, vertical, horizontal):
    viewer.scene.camera.orientation2d = (vertical, horizontal)


def add_stack(viewer):
    viewer.add_image(np.zeros((3, 2, 9, 9), np.uint8), name="stack", visible=False)
    viewer.layers.selection.active = viewer.layers["prompts"]


def nothing(_viewer):
    pass


TURNS = {
    "straight": (nothing, nothing),
    "transposed": (lambda v: v.dims.transpose(), lambda v: v.dims.transpose()),
    "upside down": (lambda v: flip(v, "up", "right"), lambda v: flip(v, *USUAL)),
    "transposed and mirrored": (
        lambda v: (v.dims.transpose(), flip(v, "down", "left")),
        lambda v: (v.dims.transpose(), flip(v, *USUAL)),
    ),
    "rotated": (rotate, lambda v: [rotate(v) for _ in range(3)]),
    "rotated and transposed": (
        lambda v: (rotate(v), rotate(v), rotate(v), v.dims.transpose()),
        lambda v: (v.dims.transpose(), rotate(v)),
    ),
    "a stack beside it": (add_stack, lambda v: v.layers.remove("stack")),
}


def turns(grader):
    """Turn the view in one way after the other; all of the frame is seen."""
    for name, (turn, back) in TURNS.items():
        turn(grader.viewer)
        grader.widget.layers.fit_view()
        grader.settle(0.1)
        yield name
        back(grader.viewer)
        grader.settle(0.05)


def canvas_point(grader, place):
    at = cells(grader.viewer)[0].on_canvas(*place)
    return QPoint(round(at.x()), round(at.y()))


def under_the_mouse(grader, at):
    """Ask napari itself which pixel of the labels lies there."""
    QTest.mouseMove(grader.canvas, at + QPoint(7, 7))
    grader.settle(0.02)
    QTest.mouseMove(grader.canvas, at)
    grader.settle(0.05)
    leakage = grader.widget.layers.leakage
    return leakage.world_to_data(grader.viewer.cursor.position)[-2:]


def click_at(grader, place):
    QTest.mouseClick(
        grader.canvas,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        canvas_point(grader, place),
    )


def test_a_place_of_the_frame_is_found_on_the_canvas(at_work):
    for turn in turns(at_work):
        for place in PLACES:
            at = canvas_point(at_work, place)
            assert at_work.canvas.rect().contains(at), turn
            found = under_the_mouse(at_work, at)
            assert found == pytest.approx(place, abs=0.2), turn


def test_clicks_and_paint_land_where_they_are_made(at_work):
    layers, session = at_work.widget.layers, at_work.session
    painted = []
    for number, turn in enumerate(turns(at_work)):
        place = (12, 14 + number)
        click_at(at_work, place)
        at_work.wait(lambda: len(session.draft.clicks) == 1, "the click")
        click = session.draft.clicks[0]
        assert (click.row, click.column) == pytest.approx(place, abs=0.2), turn
        at_work.press("R")
        at_work.press("P")
        layers.leakage.brush_size = 1
        at_work.settle(0.05)
        painted.append([45, 60 + 2 * number])
        click_at(at_work, painted[-1])
        at_work.settle(0.1)
        assert np.argwhere(session.labels).tolist() == painted, turn
        at_work.press("S")


def test_outlines_and_the_mini_map_follow_the_view(at_work):
    leakage = at_work.widget.layers.leakage
    at_work.session.labels[30:50, 55:75] = 7
    view = next(part for part in at_work.widget.parts if isinstance(part, ViewPart))
    for turn in turns(at_work):
        cell = cells(at_work.viewer)[0]
        shown = on_screen(LayerOutlined(leakage), cell)
        for place in [(31, 56), (48, 73), (40, 65)]:
            at = canvas_point(at_work, place)
            assert shown[at.y(), at.x()] == 7, turn
        for place in [(28, 65), (52, 65), (40, 53), (40, 77)]:
            at = canvas_point(at_work, place)
            assert shown[at.y(), at.x()] == 0, turn

        at_work.viewer.scene.camera.zoom *= 4
        at_work.settle(0.2)
        small = view.mini_map
        assert small.isVisible(), turn
        seen = small.seen()
        assert seen.width() * seen.height() < small.width() * small.height() / 4
        for at in [QPointF(2, 2), QPointF(small.width() - 3, 2)]:
            QTest.mouseClick(
                small,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
                at.toPoint(),
            )
            at_work.settle(0.05)
            assert small.seen().contains(at), turn


MOVES = {
    "affine": np.array([[1, 0, 30], [0, 1, 40], [0, 0, 1.0]]),
    "translate": (30, 40),
    "scale": (2, 3),
    "rotate": 30,
    "shear": [0.4],
}


def test_no_layer_moves_against_the_frame(at_work):
    layers = at_work.widget.layers
    for layer in (layers.leakage, layers.proposal, layers.prompts):
        for what, value in MOVES.items():
            setattr(layer, what, value)
            for place in PLACES:
                world = layers.frame.data_to_world(place)
                found = layer.world_to_data(world)
                assert found == pytest.approx(place), (layer.name, what)


def test_the_frame_keeps_its_pixels_as_coordinates(at_work):
    frame = at_work.widget.layers.frame
    for what in ("translate", "scale", "rotate", "shear"):
        setattr(frame, what, MOVES[what])
        assert frame.data_to_world((8, 12)) == pytest.approx((8, 12)), what


def test_a_proposal_keeps_its_place_when_all_is_turned(at_work):
    at_work.click((12, 14))
    at_work.wait(lambda: at_work.session.proposal is not None, "the proposal")
    layers = at_work.widget.layers
    corner = tuple(layers.proposal.translate)
    assert corner != (0, 0)
    rotate(at_work.viewer)
    assert tuple(layers.proposal.translate) == corner
    rows, columns = np.nonzero(layers.proposal.data)
    middle = rows.mean(), columns.mean()
    seen = layers.leakage.world_to_data(layers.proposal.data_to_world(middle))
    assert seen == pytest.approx(np.add(middle, corner))


def test_transform_is_no_tool_for_our_layers(at_work):
    layers, messages = at_work.widget.layers, at_work.widget.messages
    for layer in (layers.frame, layers.leakage, layers.proposal, layers.prompts):
        messages.clear()
        at_work.viewer.layers.selection.active = layer
        layer.editable = True
        layer.mode = "transform"
        at_work.settle(0.1)
        assert layer.mode == "pan_zoom", layer.name
        assert "stay in place" in messages.text, layer.name


def test_a_copy_of_a_layer_is_the_graders_own(at_work):
    """It may be moved and deleted, and the case stays as it is."""
    viewer, layers = at_work.viewer, at_work.widget.layers
    copied = Image(layers.frame.data.copy(), metadata=dict(layers.frame.metadata))
    viewer.add_layer(copied)
    at_work.settle(0.1)
    assert copied in viewer.layers
    copied.translate = (30, 40)
    assert tuple(copied.translate) == (30, 40)
    viewer.layers.remove(copied)
    at_work.settle(0.1)
    assert layers.frame in viewer.layers
    assert len(at_work.widget.desk.worklist.cases) == 3


def test_nothing_is_drawn_over_a_view_without_the_frame(at_work):
    at_work.press("G")
    at_work.viewer.dims.ndisplay = 3
    assert cells(at_work.viewer) == []
    at_work.settle(0.1)
    at_work.viewer.dims.ndisplay = 2
    at_work.viewer.add_image(np.zeros((3, 2, 9, 9), np.uint8), visible=False)
    at_work.viewer.dims.order = (2, 3, 0, 1)
    at_work.settle(0.1)
    assert cells(at_work.viewer) == []
