"""What lies over the frame: lesions, grid, scale bar, mini-map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from superqt import QDoubleSlider

from napari_mae_sam2.fa.scale import PLAUSIBLE

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.view_state import View
    from napari_mae_sam2.fa.scale import PixelScale

FLAGS = (
    ("outline", "Outlines (U)", "Lesions and proposal as outlines, not filled"),
    ("grid", "Grid (G)", "A square mesh over the frame"),
    (
        "scale_bar",
        "Scale bar",
        "In pixels, or in µm where that is known (Shift + Y)",
    ),
    ("mini_map", "Mini-map (Y)", "While zoomed in: the whole frame, click to go there"),
)


class OverlayPanel(QWidget):
    """What is shown over the frame.

    Parameters
    ----------
    parent : QWidget, optional
        The dock.
    """

    flag_set = Signal(str, bool)
    opacity_set = Signal(float)
    scale_set = Signal(float)
    """Emits µm per pixel as the grader says, 0 for "not known"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.opacity = QDoubleSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0.0, 1.0)
        self.opacity.setSingleStep(0.05)
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opacity.setToolTip(
            "How strongly lesions, or an overlay, cover the frame (O)"
        )
        self.opacity.setAccessibleName("Opacity of lesions")
        self.opacity.valueChanged.connect(self.opacity_set.emit)
        self._percent = QLabel()
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._percent.setMinimumWidth(self.fontMetrics().horizontalAdvance("100 %"))
        sliding = QHBoxLayout()
        sliding.addWidget(QLabel("Opacity (O)"))
        sliding.addWidget(self.opacity, 1)
        sliding.addWidget(self._percent)
        flags = QGridLayout()
        self._flags: dict[str, QCheckBox] = {}
        for position, (name, words, tip) in enumerate(FLAGS):
            box = QCheckBox(words)
            box.setToolTip(tip)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.toggled.connect(lambda on, name=name: self.flag_set.emit(name, on))
            flags.addWidget(box, *divmod(position, 2))
            self._flags[name] = box
        self.scale = QDoubleSpinBox()
        self.scale.setRange(0.0, PLAUSIBLE[1])
        self.scale.setDecimals(2)
        self.scale.setSingleStep(0.1)
        self.scale.setSpecialValueText("not known")
        self.scale.setKeyboardTracking(False)
        self.scale.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.scale.setAccessibleName("Micrometres per pixel")
        self.scale.valueChanged.connect(self.scale_set.emit)
        self._source = QLabel()
        scaling = QHBoxLayout()
        scaling.addWidget(QLabel("µm per pixel"))
        scaling.addWidget(self.scale, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(sliding)
        layout.addLayout(flags)
        layout.addLayout(scaling)
        layout.addWidget(self._source)
        self.show_scale(None, False)

    def show_view(self, view: View) -> None:
        """Show what is on."""
        for name, box in self._flags.items():
            with QSignalBlocker(box):
                box.setChecked(getattr(view, name))
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(view.opacity)
        self._percent.setText(f"{100 * view.opacity:.0f} %")

    def show_scale(self, scale: PixelScale | None, enabled: bool) -> None:
        """Show how large a pixel is, and who says so."""
        with QSignalBlocker(self.scale):
            self.scale.setValue(0.0 if scale is None else scale.um_per_px)
        self.scale.setEnabled(enabled)
        self.scale.setToolTip(
            "Side of a pixel on the retina, for all frames of this device; "
            f"{PLAUSIBLE[0]:g} to {PLAUSIBLE[1]:g}, or 0 where it is not known"
        )
        source = "" if scale is None else f"Scale from {scale.source}"
        self._source.setText(source)
        self._source.setVisible(bool(source))
