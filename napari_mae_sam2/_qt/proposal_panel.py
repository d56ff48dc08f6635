"""How prompts are drawn, and which part of the model's answer is taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.candidate_strip import CandidateStrip
from napari_mae_sam2._qt.prompt_mouse import Drag

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.preferences import Preferences

STEPS = 4
"""Steps of the slider for one logit."""

FARTHEST = 8
"""Logits that the threshold can be away from even odds."""

DRAGS = {
    Drag.BOX: ("box", "A drag puts a box around a lesion"),
    Drag.SCRIBBLE: ("scribble", "A drag says: this is leakage all along (or not)"),
    Drag.LASSO: ("lasso", "A drag draws around a lesion"),
}


class ProposalPanel(QWidget):
    """Settings of prompts and of the proposal in hand.

    Parameters
    ----------
    preferences : Preferences
        Remembers what a drag draws.
    parent : QWidget, optional
        The dock it belongs to.
    """

    drag_wanted = Signal(object)
    """Emits a Drag."""
    candidate_wanted = Signal(int)
    threshold_wanted = Signal(float)
    """Emits a logit."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        drawing = QHBoxLayout()
        drawing.addWidget(QLabel("Drag:"))
        group = QButtonGroup(self)
        self.drags: dict[Drag, QRadioButton] = {}
        for drag, (text, tip) in DRAGS.items():
            made = QRadioButton(text)
            made.setToolTip(f"{tip} (Shift + D changes it)")
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.toggled.connect(self._on_drag)
            group.addButton(made)
            drawing.addWidget(made)
            self.drags[drag] = made
        drawing.addStretch(1)

        self.candidates = CandidateStrip()
        self.candidates.wanted.connect(self.candidate_wanted.emit)

        self.cut_off = QSlider(Qt.Orientation.Horizontal)
        self.cut_off.setRange(-FARTHEST * STEPS, FARTHEST * STEPS)
        self.cut_off.setPageStep(STEPS)
        self.cut_off.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # To the right is more sensitive, which is a lower threshold.
        self.cut_off.setInvertedAppearance(True)
        self.cut_off.setInvertedControls(True)
        self.cut_off.setToolTip(
            "Higher: the proposal takes in pixels that the model is less sure of "
            "(comma: more, full stop: less)"
        )
        self.cut_off.setAccessibleName("Sensitivity of the proposal")
        self.cut_off.valueChanged.connect(self._on_cut_off)
        self.sure = QLabel()
        self.sure.setMinimumWidth(self.sure.fontMetrics().horizontalAdvance("99.9 %"))
        cutting = QHBoxLayout()
        cutting.addWidget(QLabel("Sensitivity:"))
        cutting.addWidget(self.cut_off, 1)
        cutting.addWidget(self.sure)

        layout = QVBoxLayout(self)
        layout.addLayout(drawing)
        layout.addWidget(self.candidates)
        layout.addLayout(cutting)
        known = {drag.value: drag for drag in Drag}
        usual = preferences.text("a drag is a", Drag.BOX.value)
        self.drags[known.get(usual, Drag.BOX)].setChecked(True)
        self.show_session(None)

    @property
    def drag(self) -> Drag:
        """What a drag draws."""
        return next(drag for drag, made in self.drags.items() if made.isChecked())

    def next_drag(self) -> None:
        """Let a drag draw the next of box, scribble and lasso."""
        every = list(self.drags)
        after = every[(every.index(self.drag) + 1) % len(every)]
        self.drags[after].setChecked(True)

    def step_cut_off(self, step: int) -> None:
        """Move the threshold by so many steps; down is more sensitive."""
        if self.cut_off.isEnabled():
            self.cut_off.setValue(self.cut_off.value() + step)

    def show_session(self, session: CaseSession | None) -> None:
        """Show the proposal in hand, or that there is none."""
        self.candidates.show_session(session)
        threshold = 0.0 if session is None else session.threshold
        self.cut_off.blockSignals(True)
        self.cut_off.setValue(round(threshold * STEPS))
        self.cut_off.blockSignals(False)
        self.cut_off.setEnabled(session is not None and session.proposal is not None)
        self.sure.setText(f"{100 / (1 + math.exp(threshold)):.3g} %")

    def _on_drag(self, now: bool) -> None:
        if now:
            self._preferences.put("a drag is a", self.drag.value)
            self.drag_wanted.emit(self.drag)

    def _on_cut_off(self, value: int) -> None:
        self.threshold_wanted.emit(value / STEPS)


class HoverPanel(QWidget):
    """Whether clicks are previewed.

    Parameters
    ----------
    preferences : Preferences
        Remembers it.
    parent : QWidget, optional
        The dock it belongs to.
    """

    wanted = Signal(bool)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.on = QCheckBox("Preview a click under the mouse")
        self.on.setToolTip("Show what a click would propose, before it is made")
        self.on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.on.setChecked(preferences.flag("preview clicks", False))
        self.on.toggled.connect(self._on_toggled)
        QVBoxLayout(self).addWidget(self.on)

    def _on_toggled(self, now: bool) -> None:
        self._preferences.put("preview clicks", now)
        self.wanted.emit(now)
