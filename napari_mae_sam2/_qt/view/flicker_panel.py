"""Which two versions of a case are compared, and how."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from napari_mae_sam2._qt.view.legend import Entry, Legend
from napari_mae_sam2.fa.colours import MODEL, OTHER

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.flicker import Flicker
    from napari_mae_sam2.annotate.versions import Version

NAMES, COLOURS = ("A", "B"), (MODEL, OTHER)
ROOM = 24
"""Pixels of a list beside its names."""
FOLDER, FILE = "Folder of predictions…", "Another model…"


class FlickerPanel(QWidget):
    """Chooses A and B and turns them on.

    Parameters
    ----------
    parent : QWidget, optional
        The dock.
    """

    turned = Signal(bool)
    ticking_wanted = Signal(bool)
    chosen = Signal(int, object)
    """Emits 0 for A or 1 for B, and a `Version`."""
    folder_wanted = Signal(int)
    file_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on = QCheckBox("Show A or B (B)")
        self.on.setToolTip(
            "Outlines of A in the place of your lesions; B changes between A and B"
        )
        self.on.toggled.connect(self.turned.emit)
        self.ticking = QCheckBox("Flicker (Shift + B)")
        self.ticking.setToolTip("Change between A and B twice a second")
        self.ticking.toggled.connect(self.ticking_wanted.emit)
        self.figure = QLabel()
        self._offered: tuple[Version, ...] = ()
        grid = QGridLayout(self)
        grid.addWidget(self.on, 0, 0, 1, 2)
        self.pickers: list[QComboBox] = []
        for side, (name, colour) in enumerate(zip(NAMES, COLOURS, strict=True)):
            mark = Legend()
            mark.show_entries((Entry(name, (colour,), line=True),))
            mark.setFixedWidth(44)
            picker = QComboBox()
            picker.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            picker.setToolTip(f"What {name} is: saved labels, a model, predictions")
            picker.setAccessibleName(f"Version {name}")
            # The longest name must not decide how wide the dock is.
            picker.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            picker.setMinimumContentsLength(12)
            picker.activated.connect(partial(self._on_activated, side))
            grid.addWidget(mark, 1 + side, 0)
            grid.addWidget(picker, 1 + side, 1)
            self.pickers.append(picker)
        grid.addWidget(self.ticking, 3, 0, 1, 2)
        grid.addWidget(self.figure, 4, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        for box in (self.on, self.ticking):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_state(self, flicker: Flicker, is_ticking: bool) -> None:
        """Show what is compared, what else there is, and how far both agree."""
        for box, on in ((self.on, flicker.is_on), (self.ticking, is_ticking)):
            with QSignalBlocker(box):
                box.setChecked(on)
        if flicker.offered != self._offered:
            self._offered = flicker.offered
            for picker in self.pickers:
                self._fill(picker)
        for picker, chosen in zip(self.pickers, flicker.chosen, strict=True):
            picker.setCurrentIndex(self._offered.index(chosen))
        words = "" if flicker.overlap is None else f"Dice {flicker.overlap.dice:.2f}"
        if flicker.is_on and flicker.overlap is None:
            words = "Reading…"
        self.figure.setText(words)
        self.figure.setVisible(bool(words))

    def _fill(self, picker: QComboBox) -> None:
        with QSignalBlocker(picker):
            picker.clear()
            for one in self._offered:
                picker.addItem(one.name, one)
            picker.insertSeparator(picker.count())
            for words in (FOLDER, FILE):
                picker.addItem(words, words)
        names = picker.view()
        if names is not None:  # as wide as the names, whatever room the dock has
            names.setMinimumWidth(names.sizeHintForColumn(0) + ROOM)

    def _on_activated(self, side: int, index: int) -> None:
        data = self.pickers[side].itemData(index)
        if data == FOLDER:
            self.folder_wanted.emit(side)
        elif data == FILE:
            self.file_wanted.emit(side)
        elif data is not None:
            self.chosen.emit(side, data)
