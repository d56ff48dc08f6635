"""The window has room for the frame, and the frame stays in the middle of it."""

from __future__ import annotations

import pytest
from grey import make_frame
from PIL import Image
from qtpy.QtCore import QPoint, QRect, QSize
from qtpy.QtTest import QTest

from napari_mae_sam2._qt import main_window
from napari_mae_sam2._qt.main_window import canvas_of, main_window_of, make_room


def in_the_middle(grader):
    """Ask napari which pixel of the frame lies in the middle of the canvas."""
    middle = grader.canvas.rect().center()
    QTest.mouseMove(grader.canvas, middle + QPoint(9, 9))
    grader.settle(0.05)
    QTest.mouseMove(grader.canvas, middle)
    grader.settle(0.05)
    frame = grader.widget.layers.frame
    return frame.world_to_data(grader.viewer.cursor.position)[-2:]


def test_frames_stay_in_the_middle_of_a_window_that_is_resized(at_work, folder):
    small = make_frame(seed=9).pixels[:40, :50]
    Image.fromarray(small).save(folder / "small.png")
    at_work.widget.open_paths([folder])
    at_work.wait(lambda: len(at_work.widget.desk.worklist.cases) == 4, "the list")
    at_work.wait_until_ready()
    for place, size in [(0, (1500, 900)), (3, (1100, 700)), (1, (1300, 950))]:
        at_work.viewer.window.resize(*size)
        at_work.settle(0.2)
        at_work.widget.desk.go(place)
        at_work.wait_until_ready()
        at_work.settle(0.2)
        for again in (size, (size[0] + 150, size[1] - 80)):
            at_work.viewer.window.resize(*again)
            at_work.settle(0.3)
            height, width = at_work.session.frame.shape
            middle = (height - 1) / 2, (width - 1) / 2
            assert in_the_middle(at_work) == pytest.approx(middle, abs=0.6)
            zoom = at_work.viewer.scene.camera.zoom
            canvas = at_work.canvas.size()
            share = max(height * zoom / canvas.height(), width * zoom / canvas.width())
            assert share == pytest.approx(0.95, abs=0.02)


def test_a_view_that_was_chosen_stays_when_the_window_is_resized(at_work):
    at_work.viewer.scene.camera.zoom *= 3
    zoom = at_work.viewer.scene.camera.zoom
    at_work.viewer.window.resize(1100, 700)
    at_work.settle(0.3)
    assert at_work.viewer.scene.camera.zoom == pytest.approx(zoom)


@pytest.mark.parametrize("screen", [(1920, 1080), (1366, 768), (1280, 800)])
def test_a_window_without_room_grows_up_to_the_screen(at_work, screen, monkeypatch):
    class Screen:
        def availableGeometry(self):
            return QRect(0, 0, *screen)

    window = main_window_of(at_work.widget)
    monkeypatch.setattr(type(window), "screen", lambda _self: Screen())
    window.resize(1089, 633)
    at_work.settle(0.2)
    make_room(at_work.widget)
    at_work.settle(0.2)
    wanted = main_window.GOOD.boundedTo(QSize(*screen))
    assert (window.width(), window.height()) == (wanted.width(), wanted.height())
    assert QRect(0, 0, *screen).contains(window.frameGeometry())
    assert canvas_of(at_work.widget).width() > 0.4 * window.width()
    make_room(at_work.widget)  # once is enough
    assert (window.width(), window.height()) == (wanted.width(), wanted.height())
