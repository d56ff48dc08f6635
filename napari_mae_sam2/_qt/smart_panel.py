"""The panel of the smart brush: what it keeps to, and how closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QWidget,
)

if TYPE_CHECKING:
    from napari_mae_sam2.study.preferences import Preferences

USUAL_TOLERANCE = 30


class SmartPanel(QWidget):
    """Settings of the smart brush.

    Parameters
    ----------
    preferences : Preferences
        Remembers tolerance and what is followed.
    parent : QWidget, optional
        The dock it belongs to.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
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
        grid = QGridLayout(self)
        grid.addWidget(QLabel("Keeps to:"), 0, 0)
        grid.addWidget(self.brightness, 0, 1)
        grid.addWidget(self.proposal, 0, 2, 1, 2)
        grid.addWidget(QLabel("Tolerance:"), 1, 0)
        grid.addWidget(self.tolerance, 1, 1, 1, 2)
        grid.addWidget(self._tolerance, 1, 3)
        self._tolerance.setMinimumWidth(self.fontMetrics().horizontalAdvance("2000"))
        grid.setColumnStretch(2, 1)
        usual = preferences.number("smart brush tolerance", USUAL_TOLERANCE)
        self.tolerance.setValue(round(usual))
        self._on_tolerance(self.tolerance.value())
        self.show_proposal(False)

    @property
    def follows_proposal(self) -> bool:
        """True where strokes keep to the model's proposal, which there is."""
        return bool(self.proposal.isChecked() and self.proposal.isEnabled())

    def show_proposal(self, there_is_one: bool) -> None:
        """Offer to follow the proposal where there is one."""
        self.proposal.setEnabled(there_is_one)
        self.proposal.setToolTip(
            "Paint where the model is about as sure, or surer"
            if there_is_one
            else "Needs a proposal from your clicks; until then brightness counts"
        )

    def _on_tolerance(self, tolerance: int) -> None:
        self._tolerance.setText(str(tolerance))
        self._preferences.put("smart brush tolerance", tolerance)


def _slider(low: int, high: int, tip: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(low, high)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
