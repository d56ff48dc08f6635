"""Files and folders that are dropped on a widget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject

from napari_mae_sam2.fa.odd_names import found_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


class FileDrop(QObject):
    """Takes what is dragged from a file manager onto a widget.

    Parameters
    ----------
    target : QWidget
        Where files may be dropped.
    on_drop : callable
        Gets the paths.
    """

    def __init__(self, target: QWidget, on_drop: Callable[[list[Path]], None]) -> None:
        super().__init__(target)
        self._on_drop = on_drop
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Accept files that are dragged over the widget, and hand on dropped ones."""
        if event is not None and event.type() in (
            QEvent.Type.DragEnter,
            QEvent.Type.Drop,
        ):
            data = event.mimeData()
            if data is not None and data.hasUrls():
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    self._on_drop(
                        [
                            found_on_disk(Path(url.toLocalFile()))
                            for url in data.urls()
                            if url.isLocalFile()
                        ]
                    )
                return True
        return super().eventFilter(watched, event)
