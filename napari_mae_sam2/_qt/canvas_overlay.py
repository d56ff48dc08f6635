"""A widget over napari's canvas that follows its camera and lets the mouse through.

What is drawn there is in pixels of the screen: lines stay thin at every zoom, nothing
is put into the list of layers, and none of napari's layers has to be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QWidget

from napari_mae_sam2._qt.view.canvas_geometry import view_events

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
        for event in self._events():
            event.connect(self._redraw)

    def close_down(self) -> None:
        """Let go of the viewer."""
        for event in self._events():
            event.disconnect(self._redraw)

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

    def _events(self) -> tuple[Any, ...]:
        """List what moves the frame on the canvas, besides its layer."""
        return view_events(self._viewer)

    def _redraw(self, _event: object = None) -> None:
        if self.isVisible():
            self.update()
