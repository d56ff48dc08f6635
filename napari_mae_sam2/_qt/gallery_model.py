"""The gallery as Qt wants it: rows are asked for only where they are visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt
from qtpy.QtGui import QImage

from napari_mae_sam2.annotate.lazily import Lazily
from napari_mae_sam2.qa.thumbnails import SIDE
from napari_mae_sam2.qa.verdicts import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QObject

    from napari_mae_sam2.predict.results import FrameRecord, Results
    from napari_mae_sam2.qa.gallery import Gallery
    from napari_mae_sam2.qa.ranking import Ranked
    from napari_mae_sam2.qa.thumbnails import Thumbnails

    Key = tuple[str, str, bool]

KEPT = 600
"""Thumbnails in memory, 49 kB each: twice what a large screen shows."""

WAITING = 400
"""Thumbnails that may wait to be made; no screen shows more."""

RANKED = Qt.ItemDataRole.UserRole
VERDICT = Qt.ItemDataRole.UserRole + 1


class GalleryModel(QAbstractListModel):
    """What is shown of a gallery, and its thumbnails.

    Parameters
    ----------
    gallery : Gallery
        The state.
    thumbnails : Thumbnails
        Makes the pictures.
    post : callable
        Runs a function on the GUI thread.
    parent : QObject, optional
        What it belongs to.
    """

    def __init__(
        self,
        gallery: Gallery,
        thumbnails: Thumbnails,
        post: Callable[[Callable[[], None]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._thumbnails = thumbnails
        self._outlined = True
        self._count = 0
        # Replaced whole: the thread that draws reads it.
        self._source: tuple[Results | None, dict[str, FrameRecord]] = (None, {})
        self._places: dict[str, int] = {}
        self.pictures = Lazily["Key", QImage](
            self._make, post, self._on_picture, KEPT, WAITING
        )
        gallery.reset.connect(self._follow)
        gallery.judged.connect(self._on_judged)
        self._follow()

    @property
    def outlined(self) -> bool:
        """True where outlines are drawn."""
        return self._outlined

    def outline(self, on: bool) -> None:
        """Draw outlines, or do not."""
        self._outlined = on
        self._all_changed()

    def close_down(self) -> None:
        """Stop following and drawing."""
        self._gallery.reset.disconnect(self._follow)
        self._gallery.judged.disconnect(self._on_judged)
        self.pictures.close()

    # --- Qt's questions ----------------------------------------------------------

    def rowCount(self, _parent: QModelIndex | None = None) -> int:
        """Count what is shown."""
        return self._count

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Answer Qt's questions about a row."""
        if not index.isValid() or index.row() >= len(self._gallery):
            return None
        one = self._gallery[index.row()]
        if role == RANKED:
            return one
        if role == VERDICT:
            return self._gallery.verdict(one)
        if role == Qt.ItemDataRole.DecorationRole:
            results = self._gallery.results
            assert results is not None  # there would be no row
            return self.pictures.get(
                (str(results.folder), one.record.id, self._outlined)
            )
        if role == Qt.ItemDataRole.DisplayRole:
            return one.record.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([one.record.source, figures(one), *one.attention.reasons])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            verdict = self._gallery.verdict(one)
            said = [WORDS[verdict]] if verdict else []
            return ", ".join([one.record.name, *one.attention.reasons, *said])
        return None

    # --- inside --------------------------------------------------------------------

    def _follow(self) -> None:
        self.beginResetModel()
        gallery = self._gallery
        self._count = len(gallery)
        shown = [gallery[place].record for place in range(self._count)]
        self._places = {record.id: place for place, record in enumerate(shown)}
        self._source = (gallery.results, {record.id: record for record in shown})
        self.endResetModel()

    def _on_judged(self, place: int) -> None:
        self.dataChanged.emit(self.index(place), self.index(place))

    def _all_changed(self) -> None:
        if self._count:
            self.dataChanged.emit(self.index(0), self.index(self._count - 1))

    def _make(self, key: Key) -> QImage:
        folder, name, outlined = key
        results, records = self._source
        record = records.get(name)
        if results is None or record is None or str(results.folder) != folder:
            return QImage(SIDE, SIDE, QImage.Format.Format_RGB888)  # not seen any more
        pixels = self._thumbnails.get(results, record, outlined)
        stored = QImage.Format.Format_RGB888
        return QImage(pixels.tobytes(), SIDE, SIDE, 3 * SIDE, stored).copy()

    def _on_picture(self, key: Key) -> None:
        place = self._places.get(key[1], -1)
        if 0 <= place < self._count:
            self.dataChanged.emit(self.index(place), self.index(place))


def figures(one: Ranked) -> str:
    """Say how much leakage was found."""
    lesions = one.record.lesions
    share = 100 * one.record.field_share
    return f"{share:.1f} % · {lesions} lesion{'' if lesions == 1 else 's'}"
