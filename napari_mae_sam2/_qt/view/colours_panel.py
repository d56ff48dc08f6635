"""Which colours lie over the frame, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QProgressBar,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_mae_sam2._qt.view.legend import Legend, entries_of
from napari_mae_sam2.annotate.overlay_picture import Kind

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.overlays import Overlays
    from napari_mae_sam2.fa.overlap import Overlap

WORDS = {
    Kind.NONE: ("None", "Nothing over the frame"),
    Kind.PROBABILITY: (
        "Probability",
        "How probable leakage is to the model: of your draft, else of the whole frame",
    ),
    Kind.UNCERTAINTY: (
        "Uncertainty",
        "Where the model contradicts itself: among the candidates of your draft, else "
        "when it sees the frame mirrored, upside down, brighter and darker",
    ),
    Kind.AGAINST_LABEL: (
        "Model against label",
        "Where the model and your lesions agree, and where they do not",
    ),
}


class ColoursPanel(QWidget):
    """Chooses an overlay.

    Parameters
    ----------
    parent : QWidget, optional
        The dock.
    """

    chosen = Signal(object)
    """Emits a `Kind`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout()
        group = QButtonGroup(self)
        self.buttons: dict[Kind, QRadioButton] = {}
        for position, (kind, (words, tip)) in enumerate(WORDS.items()):
            made = QRadioButton(words)
            made.setToolTip(f"{tip} (Shift + O: the next)")
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.toggled.connect(
                lambda on, kind=kind: self.chosen.emit(kind) if on else None
            )
            group.addButton(made)
            grid.addWidget(made, *divmod(position, 2))
            self.buttons[kind] = made
        self.legend = Legend()
        self.words, self.figures = QElidingLabel(), QElidingLabel()
        for label in (self.words, self.figures):
            label.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
            )
        self.figures.setToolTip("Dice, precision and sensitivity, counted in pixels")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Looks of the model at the frame")
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        for widget in (self.legend, self.figures, self.words, self.bar):
            layout.addWidget(widget)

    def show_state(self, overlays: Overlays, overlap: Overlap | None) -> None:
        """Show what is wanted, how far it is, and what was counted."""
        button = self.buttons[overlays.kind]
        with QSignalBlocker(button):
            button.setChecked(True)
        self.legend.show_entries(entries_of(overlays.kind))
        figures = "" if overlap is None else figures_of(overlap)
        for label, words in ((self.words, overlays.words), (self.figures, figures)):
            label.setText(words)
            label.setVisible(bool(words))
        self.words.setToolTip(overlays.words)
        self.bar.setVisible(overlays.done is not None)
        self.bar.setValue(round(100 * (overlays.done or 0)))


def figures_of(overlap: Overlap) -> str:
    """Say how far the model and the label agree, in one short line."""
    if not overlap.both + overlap.missed:
        return "No lesion in the label yet"
    parts = [f"Dice {overlap.dice:.2f}"]
    for name, value in (
        ("prec.", overlap.precision),
        ("sens.", overlap.sensitivity),
    ):
        if value is not None:
            parts.append(f"{name} {value:.2f}")
    return " · ".join(parts)
