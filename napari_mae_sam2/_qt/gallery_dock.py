"""The widget "MAE-SAM2 gallery" of napari's menu: it holds the gallery of the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

from napari_mae_sam2._qt.docks import open_dock, unwrapped
from napari_mae_sam2._qt.gallery_part import GalleryPart
from napari_mae_sam2._qt.main_window import main_window_of

if TYPE_CHECKING:
    import napari

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget


def gallery_part(dock: LeakageWidget) -> GalleryPart:
    """Find what the gallery of a dock consists of."""
    return next(part for part in dock.parts if isinstance(part, GalleryPart))


class GalleryDock(QWidget):
    """Shows the gallery of a viewer's leakage dock, and opens that dock where needed.

    A viewer has one gallery: the newest dock of this kind shows it.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The window it belongs to.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._part: GalleryPart | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.show_of(open_dock(unwrapped(napari_viewer)))

    def show_of(self, dock: LeakageWidget) -> None:
        """Show the gallery of a dock."""
        self.let_go()
        self._part = gallery_part(dock)
        self._layout.addWidget(self._part.lend_to(self))

    def let_go(self) -> None:
        """Give the gallery back."""
        part, self._part = self._part, None
        if part is not None:
            part.take_back(self)

    def event(self, event: QEvent | None) -> bool:
        """Give the gallery back where it is taken out of its window."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                self.let_go()
            else:
                # Not from inside: napari has not put the dock into its window yet.
                QTimer.singleShot(0, self._go_below)
        return super().event(event)

    def _go_below(self) -> None:
        """Lie under the frame, not in the column that lesions need whole."""
        if not isalive(self):
            return
        main, dock = main_window_of(self), self.parentWidget()
        if not isinstance(main, QMainWindow) or not isinstance(dock, QDockWidget):
            return
        below = Qt.DockWidgetArea.BottomDockWidgetArea
        right = Qt.DockWidgetArea.RightDockWidgetArea
        main.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        main.setCorner(Qt.Corner.BottomRightCorner, right)
        if main.dockWidgetArea(dock) == right:
            main.addDockWidget(below, dock)
