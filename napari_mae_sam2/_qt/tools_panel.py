"""The palette of tools: what the mouse does on the frame, how wide, on which lesion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.steady import SteadyLabel
from napari_mae_sam2._qt.tool_icons import SIDE, tool_icon

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 200
"""Pixels across of the widest brush that the slider offers."""


class Tool(Enum):
    """What the mouse does on the frame."""

    CLICK = auto()
    BRUSH = auto()
    SMART_BRUSH = auto()
    ERASER = auto()
    POLYGON = auto()
    FILL = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """How a tool looks in the palette.

    Attributes
    ----------
    icon : str
        Name of one of napari's icons.
    name, key, tip : str
        What it is called, how it is shown, what it does.
    """

    icon: str
    name: str
    key: str
    tip: str


LOOKS = {
    Tool.CLICK: Look("select", "Click", "S", "click on leakage for the model"),
    Tool.BRUSH: Look("paint", "Brush", "P", "paint leakage"),
    Tool.SMART_BRUSH: Look(
        "paint", "Smart brush", "Shift + P", "paint only what looks alike"
    ),
    Tool.ERASER: Look("erase", "Eraser", "E", "erase any lesion"),
    Tool.POLYGON: Look(
        "polygon", "Polygon", "3", "click the corners, double-click to close"
    ),
    Tool.FILL: Look("fill", "Fill", "F", "fill a hole of a lesion"),
}


class ToolsPanel(QWidget):
    """Shows which tool is in hand and takes another.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    wanted = Signal(object)
    """Emits a Tool."""
    size_changed = Signal(int)
    new_lesion_wanted = Signal()
    keep_wanted = Signal(bool)
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[Tool, QPushButton] = {}
        self._group = QButtonGroup(self)
        palette = QHBoxLayout()
        palette.setSpacing(2)
        for tool, look in LOOKS.items():
            made = QPushButton()
            made.setMaximumWidth(SIDE + 18)
            made.setAutoDefault(False)
            made.setCheckable(True)
            made.setIconSize(QSize(SIDE, SIDE))
            made.setToolTip(f"{look.name}: {look.tip} ({look.key})")
            made.setAccessibleName(look.name)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(partial(self._on_tool, tool))
            self._group.addButton(made)
            palette.addWidget(made)
            self.buttons[tool] = made
        palette.addStretch(1)

        self.size = QSlider(Qt.Orientation.Horizontal)
        self.size.setRange(1, LARGEST)
        self.size.setToolTip("Width of brush and eraser in pixels ([ and ])")
        self.size.setAccessibleName("Width of brush and eraser")
        self.size.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.size.valueChanged.connect(self._on_size)
        self._size = QLabel()
        self._size.setMinimumWidth(self.fontMetrics().horizontalAdvance("2000 px"))
        sizing = QHBoxLayout()
        sizing.addWidget(QLabel("Size:"))
        sizing.addWidget(self.size, 1)
        sizing.addWidget(self._size)

        self.promise = SteadyLabel(lines=2)
        self.new_lesion = button(
            "New lesion (M)",
            "The next stroke begins a new lesion, whatever it touches (M)",
            self.new_lesion_wanted.emit,
        )
        self.keep = QCheckBox()
        self.keep.setToolTip(
            "Every stroke becomes part of this lesion, also far away from it"
        )
        self.keep.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.keep.toggled.connect(self.keep_wanted.emit)
        choosing = QHBoxLayout()
        choosing.addWidget(self.new_lesion)
        choosing.addWidget(self.keep, 1)

        self.undo = button("Undo (Z)", "", self.undo_wanted.emit)
        self.redo = button("Redo (Shift + Z)", "", self.redo_wanted.emit)
        going_back = QHBoxLayout()
        going_back.addWidget(self.undo, 1)
        going_back.addWidget(self.redo, 1)

        layout = QVBoxLayout(self)
        for row in (palette, sizing):
            layout.addLayout(row)
        layout.addWidget(self.promise)
        layout.addLayout(choosing)
        layout.addLayout(going_back)
        self.show_size(10)
        self.show_lesion(0, can_keep=False, keeps=False)
        self.show_history("", "")

    def show_theme(self, colour: str) -> None:
        """Draw the pictures in the colour of the theme."""
        for tool, made in self.buttons.items():
            icon = tool_icon(LOOKS[tool].icon, colour, tool is Tool.SMART_BRUSH)
            made.setIcon(icon)

    def show_tool(self, tool: Tool | None) -> None:
        """Show which tool is in hand; None for one that the palette has not."""
        self._group.setExclusive(tool is not None)
        for each, made in self.buttons.items():
            made.setChecked(each is tool)

    def show_size(self, size: int) -> None:
        """Show how wide the brush is."""
        _quietly(self.size, lambda: self.size.setValue(size))
        self._size.setText(f"{size} px")

    def show_lesion(self, number: int, can_keep: bool, keeps: bool) -> None:
        """Offer to keep to the lesion in hand."""
        self.keep.setText(f"Keep to lesion {number}" if can_keep else "Keep to lesion")
        self.keep.setEnabled(can_keep)
        _quietly(self.keep, lambda: self.keep.setChecked(keeps))

    def show_history(self, undo: str, redo: str) -> None:
        """Name what undo and redo would do."""
        self.undo.setEnabled(bool(undo))
        self.redo.setEnabled(bool(redo))
        self.undo.setToolTip(f"Undo {undo} (Z)" if undo else "Nothing to undo")
        self.redo.setToolTip(f"Redo {redo} (Shift + Z)" if redo else "Nothing to redo")

    # --- inside ----------------------------------------------------------------

    def _on_tool(self, tool: Tool, _checked: bool = False) -> None:
        self.wanted.emit(tool)

    def _on_size(self, size: int) -> None:
        self._size.setText(f"{size} px")
        self.size_changed.emit(size)


def _quietly(widget: QWidget, act: Callable[[], None]) -> None:
    blocked = widget.blockSignals(True)
    act()
    widget.blockSignals(blocked)
