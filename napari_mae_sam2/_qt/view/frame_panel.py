"""Contrast, gamma and treatments of the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QDoubleRangeSlider, QDoubleSlider, QElidingLabel

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.annotate.looks import BRIGHTEST_GAMMA, DARKEST_GAMMA

if TYPE_CHECKING:
    from napari_mae_sam2._qt.view.frame_display import FrameDisplay
    from napari_mae_sam2.annotate.view_state import View

FLAGS = (
    ("local_contrast", "Local contrast (K)", "CLAHE: faint leakage stands out"),
    ("inverted", "Inverted (I)", "Dark and bright change places"),
    (
        "green",
        "Green channel",
        "Of colour frames, where the dye is seen best (Shift + U)",
    ),
)


class FramePanel(QWidget):
    """How the frame is shown.

    Parameters
    ----------
    display : FrameDisplay
        What it sets.
    parent : QWidget, optional
        The dock.
    """

    flag_set = Signal(str, bool)
    """Emits the name of a flag of the view, and its value."""

    def __init__(self, display: FrameDisplay, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = display
        self.contrast = QDoubleRangeSlider(Qt.Orientation.Horizontal)
        self.gamma = QDoubleSlider(Qt.Orientation.Horizontal)
        self.gamma.setRange(DARKEST_GAMMA, BRIGHTEST_GAMMA)
        self.gamma.setSingleStep(0.05)
        self._limits = QLabel()
        self._exponent = QLabel()
        self.contrast.setToolTip("Grey levels that are shown black and white")
        self.gamma.setToolTip("To the left: dark areas become brighter")
        self.contrast.setAccessibleName("Contrast")
        self.gamma.setAccessibleName("Gamma")
        for slider in (self.contrast, self.gamma):
            slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for label, widest in ((self._limits, "0–65535"), (self._exponent, "0.00")):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setMinimumWidth(self.fontMetrics().horizontalAdvance(widest))
        grid = QGridLayout()
        grid.addWidget(QLabel("Contrast"), 0, 0)
        grid.addWidget(self.contrast, 0, 1)
        grid.addWidget(self._limits, 0, 2)
        grid.addWidget(QLabel("Gamma"), 1, 0)
        grid.addWidget(self.gamma, 1, 1)
        grid.addWidget(self._exponent, 1, 2)
        grid.setColumnStretch(1, 1)
        self._stretch = button(
            "Stretch", "Use the whole range for this frame", display.stretch
        )
        self._reset = button("Reset", "As photographed, for this device", display.reset)
        self._device = QElidingLabel()
        self._device.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._device.setToolTip("Contrast and gamma are kept for this device")
        doing = QHBoxLayout()
        doing.addWidget(self._device, 1)
        doing.addWidget(self._stretch)
        doing.addWidget(self._reset)
        flags = QGridLayout()
        self._flags: dict[str, QCheckBox] = {}
        for position, (name, words, tip) in enumerate(FLAGS):
            box = QCheckBox(words)
            box.setToolTip(tip)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.toggled.connect(lambda on, name=name: self.flag_set.emit(name, on))
            flags.addWidget(box, *divmod(position, 2))
            self._flags[name] = box
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addLayout(doing)
        layout.addLayout(flags)
        self.contrast.valueChanged.connect(lambda pair: display.set_contrast(*pair))
        self.gamma.valueChanged.connect(display.set_gamma)
        display.changed.connect(self.refresh)
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show which treatments are on."""
        for name, box in self._flags.items():
            with QSignalBlocker(box):
                box.setChecked(getattr(view, name))

    def refresh(self) -> None:
        """Show contrast and gamma as they are."""
        image = self._display.image
        for widget in (self.contrast, self.gamma, self._stretch, self._reset):
            widget.setEnabled(image is not None)
        self._flags["green"].setEnabled(self._display.is_colour)
        self._device.setText(self._display.device)
        if image is None:
            self._limits.setText("")
            self._exponent.setText("")
            return
        low, high = (float(value) for value in image.contrast_limits)
        with QSignalBlocker(self.contrast), QSignalBlocker(self.gamma):
            self.contrast.setRange(*(float(v) for v in image.contrast_limits_range))
            self.contrast.setValue((low, high))
            self.gamma.setValue(float(image.gamma))
        digits = 0 if high - low >= 10 else 2
        self._limits.setText(f"{low:.{digits}f}–{high:.{digits}f}")
        self._exponent.setText(f"{image.gamma:.2f}")
