"""The scrolling sheet of thumbnails, with the keys of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QListView, QWidget

from napari_mae_sam2._qt.gallery_delegate import GalleryDelegate, cell

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_mae_sam2._qt.gallery_model import GalleryModel
    from napari_mae_sam2.qa.gallery import Gallery
    from napari_mae_sam2.qa.verdicts import Word

JUDGING: dict[int, Word] = {
    Qt.Key.Key_A: "accept",
    Qt.Key.Key_R: "reject",
    Qt.Key.Key_F: "fix",
}
"""The letters of the page."""


class GalleryList(QListView):
    """Shows a gallery.

    Parameters
    ----------
    gallery : Gallery
        The state.
    model : GalleryModel
        The same for Qt.
    parent : QWidget, optional
        What it belongs to.
    """

    opened = Signal()
    """The frame in hand is wanted in the window."""
    next_wanted = Signal()
    outlines_wanted = Signal()

    def __init__(
        self, gallery: Gallery, model: GalleryModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)  # else ten thousand are asked for their size
        self.setItemDelegate(GalleryDelegate(self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Frames, what deserves a look first")
        self.setModel(model)
        self._measure()
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        # Before the model tells of more frames, and the view forgets where it was.
        self._scrolled, self._top = 0, -1
        model.modelAboutToBeReset.connect(self._remember)
        gallery.moved.connect(self.show_in_hand)
        gallery.reset.connect(self._on_reset)

    def close_down(self) -> None:
        """Stop following the gallery."""
        self._gallery.moved.disconnect(self.show_in_hand)
        self._gallery.reset.disconnect(self._on_reset)

    def show_in_hand(self, _place: int = -1) -> None:
        """Show which frame is in hand, and bring it into sight."""
        place = self._gallery.place
        if place < 0:
            self.scrollToTop()
            return
        model = self.model()
        assert model is not None
        here = model.index(place, 0)
        self.setCurrentIndex(here)
        self.scrollTo(here)

    def _remember(self) -> None:
        here = self.visualRect(self.currentIndex())
        is_seen = here.isValid() and here.intersects(self.viewport().rect())
        self._scrolled = self.verticalScrollBar().value()
        self._top = here.top() if is_seen else -self.height()

    def _on_reset(self, is_grown: bool) -> None:
        """Bring the frame in hand into sight; more of the same move nothing away."""
        if not is_grown:
            self.show_in_hand()
            return
        place, bar = self._gallery.place, self.verticalScrollBar()
        self.setAutoScroll(False)
        if place >= 0:
            self.setCurrentIndex(self.model().index(place, 0))
        self.setAutoScroll(True)
        self.doItemsLayout()
        bar.setValue(self._scrolled)
        if place >= 0 and self._top > -self.height():
            here = self.visualRect(self.currentIndex())
            bar.setValue(bar.value() + here.top() - self._top)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Take in hand what was clicked on or moved to."""
        super().currentChanged(current, previous)
        if current.isValid():
            self._gallery.move(current.row())

    def changeEvent(self, event: QEvent | None) -> None:
        """Make room for another font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._measure()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Judge, go on, open; all else is Qt's."""
        if event is None:
            return
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        key = event.key()
        if plain and key in JUDGING:
            self._gallery.judge(JUDGING[key])
        elif plain and key == Qt.Key.Key_N:
            self.next_wanted.emit()
        elif plain and key == Qt.Key.Key_O:
            self.outlines_wanted.emit()
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def _measure(self) -> None:
        self.setGridSize(cell(self.fontMetrics()))
        self.setMinimumHeight(self.gridSize().height() + 2 * self.frameWidth() + 4)
        self.verticalScrollBar().setSingleStep(self.gridSize().height() // 3)
