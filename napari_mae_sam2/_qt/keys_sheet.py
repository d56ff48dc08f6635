"""The sheet of keys, as a window that may stay open beside the frame."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2._qt.keys import Key

    Group = tuple[str, Sequence[tuple[str, str]]]

MOUSE = (
    ("Left click", "this is leakage"),
    ("Right click, Ctrl + click", "this is not leakage"),
    ("Drag", "box around a lesion"),
    ("Wheel", "zoom"),
    ("Space + drag", "move the picture"),
)
MOST_ROWS = 26
"""Rows of a column; more would not fit on a screen of 720 pixels."""


class KeysSheet(QDialog):
    """Lists the mouse and every key, in groups, in as many columns as it takes.

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
        groups: list[Group] = [("Mouse on the frame", MOUSE)]
        for group, members in groupby(keys, key=lambda key: key.group):
            rows = [(shown(key.keys[0]), key.text) for key in members]
            groups.append((group, rows))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(28)
        for column in _columns(groups):
            layout.addLayout(_grid(column))


def _columns(groups: Sequence[Group]) -> list[list[Group]]:
    """Put groups below each other until a column is full."""
    columns: list[list[Group]] = []
    height = MOST_ROWS
    for group in groups:
        needed = len(group[1]) + 1
        if height + needed > MOST_ROWS:
            columns.append([])
            height = 0
        columns[-1].append(group)
        height += needed
    return columns


def _grid(groups: Sequence[Group]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    row = 0
    for title, rows in groups:
        heading = QLabel(f"<b>{title}</b>")
        heading.setContentsMargins(0, 6 if row else 0, 0, 0)
        grid.addWidget(heading, row, 0, 1, 2)
        for key, text in rows:
            row += 1
            name = QLabel(key)
            name.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            grid.addWidget(name, row, 0)
            grid.addWidget(QLabel(text), row, 1)
        row += 1
    grid.setRowStretch(row, 1)
    return grid


def shown(key: str) -> str:
    """Write a key of napari's notation as people do."""
    return key.replace("Control", "Ctrl").replace("-", " + ")
