"""The sheet of keys, as a window that may stay open beside the frame."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2._qt.keys import Key

MOUSE = (
    ("Left click", "this is leakage"),
    ("Right click, Ctrl + click", "this is not leakage"),
    ("Drag", "box around a lesion"),
    ("Wheel", "zoom"),
    ("Space + drag", "move the picture"),
)


class KeysSheet(QDialog):
    """Lists the mouse and every key, in groups.

    Parameters
    ----------
    keys : sequence of Key
        In the order in which they are shown; a group stands together.
    parent : QWidget, optional
        The window it belongs to.
    """

    def __init__(self, keys: Sequence[Key], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("Keys and mouse")
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(5)
        self._row = 0
        self._add_group(grid, "Mouse on the frame", MOUSE)
        for group, members in groupby(keys, key=lambda key: key.group):
            rows = tuple((shown(key.keys[0]), key.text) for key in members)
            self._add_group(grid, group, rows)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.addLayout(grid)

    def _add_group(
        self, grid: QGridLayout, title: str, rows: Sequence[tuple[str, str]]
    ) -> None:
        heading = QLabel(f"<b>{title}</b>")
        heading.setContentsMargins(0, 8 if self._row else 0, 0, 0)
        grid.addWidget(heading, self._row, 0, 1, 2)
        for key, text in rows:
            self._row += 1
            name = QLabel(key)
            name.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            grid.addWidget(name, self._row, 0)
            grid.addWidget(QLabel(text), self._row, 1)
        self._row += 1


def shown(key: str) -> str:
    """Write a key of napari's notation as people do."""
    return key.replace("Control", "Ctrl").replace("-", " + ")
