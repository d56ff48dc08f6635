"""Draws one frame of the gallery: thumbnail, verdict, name, why it deserves a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QRect, QSize, Qt
from qtpy.QtGui import QColor, QPen
from qtpy.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from napari_mae_sam2._qt.gallery_model import RANKED, VERDICT, figures
from napari_mae_sam2.qa.thumbnails import SIDE
from napari_mae_sam2.qa.verdicts import SIGNS, WORDS, Word

if TYPE_CHECKING:
    from qtpy.QtGui import QFontMetrics, QPainter

COLOURS: dict[Word, str] = {"accept": "#00795a", "reject": "#b84300", "fix": "#0072b2"}
"""As on the page; each verdict has a sign and a word, too."""

ROOM = 4
"""Pixels around a thumbnail."""

CURSOR = ("#1c2530", "#ffd400")
"""The line around the current frame, dark and light: seen on any theme, and in no
colour of a verdict."""

FADED = 0.45
"""Opacity of a frame that has its verdict."""


class GalleryDelegate(QStyledItemDelegate):
    """Draws the cells; all are of one size."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:
        """Give the size of a cell."""
        return cell(option.fontMetrics)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Draw a cell."""
        one, verdict = index.data(RANKED), index.data(VERDICT)
        if one is None:
            return
        painter.save()
        area = option.rect
        metrics, palette = option.fontMetrics, option.palette
        picture = QRect(area.left() + ROOM, area.top() + ROOM, SIDE, SIDE)
        image = index.data(Qt.ItemDataRole.DecorationRole)
        painter.setOpacity(FADED if verdict else 1.0)
        if image is None:
            painter.fillRect(picture, palette.mid())
        else:
            painter.drawImage(picture, image)
        painter.setOpacity(1.0)
        if option.state & QStyle.StateFlag.State_Selected:
            for colour, width in zip(CURSOR, (7, 3), strict=True):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(picture.adjusted(-2, -2, 1, 1))
        if verdict:
            self._stamp(painter, picture, metrics, verdict)
        line = QRect(picture.left(), picture.bottom() + 3, SIDE, metrics.height())
        painter.setPen(palette.text().color())
        words = one.attention.reasons[0] if one.attention.reasons else figures(one)
        # Names differ at their ends, reasons at their beginnings.
        for text, opacity, where in (
            (one.record.name, 1.0, Qt.TextElideMode.ElideMiddle),
            (words, 0.75, Qt.TextElideMode.ElideRight),
        ):
            painter.setOpacity(opacity)
            shown = metrics.elidedText(text, where, SIDE)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, shown)
            line.translate(0, metrics.height())
        painter.restore()

    @staticmethod
    def _stamp(
        painter: QPainter, picture: QRect, metrics: QFontMetrics, verdict: Word
    ) -> None:
        words = f"{SIGNS[verdict]} {WORDS[verdict]}"
        size = metrics.boundingRect(words).size() + QSize(12, 4)
        band = QRect(picture.topLeft(), size)
        painter.fillRect(band, QColor(COLOURS[verdict]))
        painter.setPen(QColor("white"))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, words)


def cell(metrics: QFontMetrics) -> QSize:
    """Give the size of a cell for a font."""
    return QSize(SIDE + 2 * ROOM, SIDE + 2 * ROOM + 2 * metrics.height() + 3)
