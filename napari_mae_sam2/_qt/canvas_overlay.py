"""A widget over napari's canvas that follows its camera and lets the mouse through.

What is drawn there is in pixels of the screen: lines stay thin at every zoom, nothing
is put into the list of layers, and none of napari's layers has to be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    import napari


class CanvasOverlay(QWidget):
    """Covers a canvas.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose camera is followed.
    canvas : QWidget
        The widget that it lies on.
    """

    def __init__(self, viewer: napari.Viewer, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.setGeometry(canvas.rect())
        camera = viewer.scene.camera
        camera.events.center.connect(self._redraw)
        camera.events.zoom.connect(self._redraw)

    def close_down(self) -> None:
        """Let go of the viewer."""
        camera = self._viewer.scene.camera
        camera.events.center.disconnect(self._redraw)
        camera.events.zoom.disconnect(self._redraw)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Cover the canvas whatever its size."""
        canvas = self.parentWidget()
        if (
            event is not None
            and canvas is not None
            and event.type() == QEvent.Type.Resize
        ):
            self.setGeometry(canvas.rect())
        return super().eventFilter(watched, event)

    def _redraw(self, _event: object = None) -> None:
        if self.isVisible():
            self.update()
