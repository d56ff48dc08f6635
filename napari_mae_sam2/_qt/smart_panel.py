"""The panel of the smart brush: in hand or not, what it keeps to, and how closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button

if TYPE_CHECKING:
    from napari_mae_sam2.study.preferences import Preferences

USUAL_TOLERANCE, USUAL_SIZE = 30, 20


class SmartPanel(QWidget):
    """Settings of the smart brush.

    Parameters
    ----------
    preferences : Preferences
        Remembers tolerance and what is followed.
    parent : QWidget, optional
        The dock it belongs to.
    """

    wanted = Signal(bool)
    """Emits whether the brush is to be taken in hand or put away."""
    size_changed = Signal(int)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.take = button(
            "Smart brush",
            "Paint only what is like the place where the stroke begins (Shift + P)",
            lambda: self.wanted.emit(self.take.isChecked()),
        )
        self.take.setCheckable(True)
        self.brightness = QRadioButton("brightness")
        self.brightness.setToolTip("Paint what is about as bright")
        self.proposal = QRadioButton("proposal")
        self._follow = QButtonGroup(self)
        for made in (self.brightness, self.proposal):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._follow.addButton(made)
        chosen = preferences.flag("smart brush follows the proposal", False)
        (self.proposal if chosen else self.brightness).setChecked(True)
        self.proposal.toggled.connect(
            lambda now: preferences.put("smart brush follows the proposal", now)
        )
        self.tolerance = _slider(1, 120, "How much may differ, in grey levels of 255")
        self._tolerance = QLabel()
        self.tolerance.valueChanged.connect(self._on_tolerance)
        self.size = _slider(1, 200, "Width of the brush in pixels; [ and ] change it")
        self._size = QLabel()
        self.size.valueChanged.connect(self._on_size)

        grid = QGridLayout(self)
        grid.addWidget(self.take, 0, 0, 1, 4)
        grid.addWidget(QLabel("Keeps to:"), 1, 0)
        grid.addWidget(self.brightness, 1, 1)
        grid.addWidget(self.proposal, 1, 2, 1, 2)
        for row, (name, slider, number) in enumerate(
            (
                ("Tolerance:", self.tolerance, self._tolerance),
                ("Width:", self.size, self._size),
            ),
            start=2,
        ):
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(slider, row, 1, 1, 2)
            grid.addWidget(number, row, 3)
            number.setMinimumWidth(number.fontMetrics().horizontalAdvance("200 px"))
        grid.setColumnStretch(2, 1)
        usual = preferences.number("smart brush tolerance", USUAL_TOLERANCE)
        self.tolerance.setValue(round(usual))
        self._on_tolerance(self.tolerance.value())
        self.show_size(USUAL_SIZE)
        self.show_proposal(False)

    @property
    def follows_proposal(self) -> bool:
        """True where strokes keep to the model's proposal, which there is."""
        return bool(self.proposal.isChecked() and self.proposal.isEnabled())

    def show_active(self, active: bool) -> None:
        """Show whether the brush is in hand."""
        self.take.setChecked(active)
        self.take.setText("Stop smart brush" if active else "Smart brush")

    def show_proposal(self, there_is_one: bool) -> None:
        """Offer to follow the proposal where there is one."""
        self.proposal.setEnabled(there_is_one)
        self.proposal.setToolTip(
            "Paint where the model is about as sure, or surer"
            if there_is_one
            else "There is no proposal now: strokes keep to brightness"
        )

    def show_size(self, size: int) -> None:
        """Show the width of the brush."""
        self.size.blockSignals(True)
        self.size.setValue(size)
        self.size.blockSignals(False)
        self._size.setText(f"{size} px")

    def _on_tolerance(self, tolerance: int) -> None:
        self._tolerance.setText(str(tolerance))
        self._preferences.put("smart brush tolerance", tolerance)

    def _on_size(self, size: int) -> None:
        self._size.setText(f"{size} px")
        self.size_changed.emit(size)


def _slider(low: int, high: int, tip: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(low, high)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
