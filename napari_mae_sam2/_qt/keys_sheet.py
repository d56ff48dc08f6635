"""The sheet of keys, as a window that may stay open beside the frame."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2._qt.keys import Key

    Group = tuple[str, Sequence[tuple[str, str]]]

MOUSE = (
    ("Left click", "this is leakage"),
    ("Right click, Ctrl + click", "this is not leakage"),
    ("Drag", "box, scribble or lasso (Shift + D)"),
    ("Wheel", "zoom"),
    ("Space + drag", "move the picture"),
)
MOST_ROWS = 31
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
        columns = QHBoxLayout(self)
        columns.setContentsMargins(16, 10, 16, 12)
        columns.setSpacing(16)
        # As large as the words are in the window's own font.
        columns.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        for members_of_column in _columns(groups):
            column = QVBoxLayout()
            column.setSpacing(8)
            for group_and_rows in members_of_column:
                column.addLayout(_grid(group_and_rows))
            column.addStretch(1)
            columns.addLayout(column)


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


def _grid(group: Group) -> QGridLayout:
    title, rows = group
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(1)
    grid.addWidget(QLabel(f"<b>{title}</b>"), 0, 0, 1, 2)
    for row, (key, text) in enumerate(rows, start=1):
        name = QLabel(key)
        name.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        grid.addWidget(name, row, 0)
        grid.addWidget(QLabel(text), row, 1)
    grid.setColumnStretch(1, 1)
    return grid


def shown(key: str) -> str:
    """Write a key of napari's notation as people do."""
    written = {",": "Comma", ".": "Full stop"}
    return written.get(key) or key.replace("Control", "Ctrl").replace("-", " + ")
