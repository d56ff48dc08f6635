"""The hand of a scripted grader: mouse, keys and eyes in front of the real window."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPushButton, QWidget
from scipy import ndimage
from skimage import measure

from napari_mae_sam2._qt.soon import AFTER_THE_DOTS
from napari_mae_sam2.annotate.annotator import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import napari

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession

Place = tuple[float, float]


LONGEST_TURN = 0.02
"""Seconds that a turn of the event loop counts at most while the window settles."""


class Grader:
    """Sits in front of the window: moves the mouse, presses keys, looks.

    Parameters
    ----------
    viewer, widget
        The window, as `open_window` returns it.
    screens : Path, optional
        Folder for screenshots.
    say : callable
        Told what was done, a line at a time.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        widget: LeakageWidget,
        screens: Path | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.viewer = viewer
        self.widget = widget
        self.say = say
        self._screens = screens
        self._shots = 0
        window = widget.window()
        assert window is not None
        self.window = window
        self.canvas = next(
            child
            for child in window.findChildren(QWidget)
            if type(child).__name__.startswith("CanvasBackend")
        )

    # --- looking ---------------------------------------------------------------

    @property
    def session(self) -> CaseSession:
        """The case in hand."""
        session = self.widget.session
        assert session is not None
        return session

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
        """Let the window live until something is so."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                message = self.widget.messages.text
                raise TimeoutError(f"{what} did not happen; message: {message!r}")
            QApplication.processEvents()
            time.sleep(0.005)
        self.settle(0.05)

    def settle(self, seconds: float = 0.2) -> None:
        """Let the window draw what there is to draw.

        A turn of the event loop that takes long, on a machine that is busy, counts as
        a short one: what it sets off needs its time after it.
        """
        left = seconds
        while left > 0:
            begun = time.monotonic()
            QApplication.processEvents()
            time.sleep(0.005)
            left -= min(time.monotonic() - begun, LONGEST_TURN)

    def look(self) -> None:
        """Wait until the panels have followed what was done."""
        self.settle(AFTER_THE_DOTS / 1000 + 0.1)

    def wait_until_ready(self) -> None:
        """Wait until a case is open and the model has read it."""
        annotator = self.widget.desk.annotator
        self.wait(
            lambda: (
                self.widget.session is not None
                and not self.widget.desk.is_opening
                and annotator.session is self.widget.session
                and annotator.readiness is Readiness.READY
            ),
            "reading the frame",
        )

    def shot(self, name: str) -> None:
        """Write a screenshot of the whole window."""
        self._shots += 1
        if self._screens is None:
            return
        # napari's own notes about itself hide a part of the picture.
        for note in self.window.findChildren(QWidget):
            if "Notification" in type(note).__name__:
                note.close()
        self.settle()
        self._screens.mkdir(parents=True, exist_ok=True)
        path = self._screens / f"{self._shots:02d}-{name}.png"
        screen = QApplication.primaryScreen()
        assert screen is not None
        corner = self.window.mapToGlobal(QPoint(0, 0))
        size = self.window.size()
        screen.grabWindow(0, corner.x(), corner.y(), size.width(), size.height()).save(
            str(path)
        )

    # --- mouse and keys --------------------------------------------------------

    def point(self, place: Place) -> QPoint:
        """Find where a pixel of the frame lies on the canvas."""
        camera = self.viewer.scene.camera
        row, column = camera.center[-2:]
        x = self.canvas.width() / 2 + (place[1] - column) * camera.zoom
        y = self.canvas.height() / 2 + (place[0] - row) * camera.zoom
        return QPoint(round(x), round(y))

    def click(self, place: Place, *, leakage: bool = True) -> None:
        """Click on a pixel of the frame, left for leakage and right for not."""
        button = Qt.MouseButton.LeftButton if leakage else Qt.MouseButton.RightButton
        QTest.mouseClick(
            self.canvas, button, Qt.KeyboardModifier.NoModifier, self.point(place)
        )
        self.settle(0.02)

    def drag(self, places: Sequence[Place]) -> None:
        """Press at the first place, move through the others, release at the last."""
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        points = [self.point(place) for place in places]
        QTest.mouseMove(self.canvas, points[0])
        QTest.mousePress(self.canvas, left, none, points[0])
        for one, other in pairwise(points):
            for share in (0.34, 0.67, 1.0):
                between = one + (other - one) * share
                move_pressed(self.canvas, between)
                self.settle(0.01)
        QTest.mouseRelease(self.canvas, left, none, points[-1])
        self.settle(0.02)

    def press(
        self,
        key: str,
        *,
        shift: bool = False,
        control: bool = False,
        alt: bool = False,
    ) -> None:
        """Press a key with the focus on the canvas."""
        modifiers = Qt.KeyboardModifier.NoModifier
        if shift:
            modifiers |= Qt.KeyboardModifier.ShiftModifier
        if control:
            modifiers |= Qt.KeyboardModifier.ControlModifier
        if alt:
            modifiers |= Qt.KeyboardModifier.AltModifier
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifiers)
        self.settle(0.02)

    def push(self, text: str) -> None:
        """Push the button of the dock that says so."""
        for found in self.widget.findChildren(QPushButton):
            if found.text() == text and found.isVisible():
                QTest.mouseClick(found, Qt.MouseButton.LeftButton)
                self.settle(0.02)
                return
        raise LookupError(f"there is no button {text!r} to be seen")

    def wait_for_proposal(self) -> np.ndarray:
        """Wait for the answer to the prompts that were given, and look at it."""
        self.wait(
            lambda: (
                self.session.proposal is not None
                and self.session.proposal.draft is self.session.draft
            ),
            "a proposal",
        )
        assert self.session.proposal is not None
        return self.session.proposal.mask()

    def draw_lesion(self, mask: np.ndarray) -> None:
        """Draw a lesion that the model did not find, with napari's polygon."""
        leakage = self.widget.layers.leakage
        assert leakage is not None
        self.press("3")
        self.press("M")
        for corner in outline(mask):
            self.click(corner)
        self.press("\r")

    def correct(self, lesions: Sequence[np.ndarray]) -> None:
        """Make the labels of the case what they should be.

        What the model called leakage and is none is erased as a whole; what it missed
        is drawn.
        """
        for number, mask in enumerate(lesions):
            found = (self.session.labels > 0) & mask
            if number == 0 and found.sum() > 0.5 * mask.sum():
                continue
            self.draw_lesion(mask)
        self.press("S")


def move_pressed(canvas: QWidget, point: QPoint) -> None:
    """Move the mouse with its left button held."""
    # QTest.mouseMove moves without a button; a drag needs the button held.
    from qtpy.QtCore import QEvent, QPointF
    from qtpy.QtGui import QMouseEvent

    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(canvas.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        left,
        none,
    )
    QApplication.sendEvent(canvas, event)


def outline(mask: np.ndarray) -> list[Place]:
    """Give the corners of a polygon about the largest part of a mask."""
    contours = measure.find_contours(np.pad(mask, 1).astype(float), 0.5)
    longest = max(contours, key=len) - 1
    corners = measure.approximate_polygon(longest, tolerance=2.0)[:-1]
    return [(float(row), float(column)) for row, column in corners]


def middle(mask: np.ndarray) -> Place:
    """Find the point of a mask that lies deepest in it, as (row, column)."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), mask.shape)
    return float(row), float(column)
