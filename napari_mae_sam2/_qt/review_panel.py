"""What the model found without a click: the patch in hand, and what to do with many.

The patch in hand is accepted and rejected with the buttons for proposals, above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.steady import SteadyLabel

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.review import Review

AUTO = "auto"
"""The smallest patch follows the size of the frame until the grader sets a number."""


class ReviewPanel(QWidget):
    """Shows a review, and says what the grader wants of it.

    Parameters
    ----------
    parent : QWidget, optional
        The section it belongs to.
    """

    step_wanted = Signal(int)
    edit_wanted = Signal()
    accept_group_wanted = Signal()
    reject_group_wanted = Signal()
    accept_all_wanted = Signal()
    reject_all_wanted = Signal()
    score_wanted = Signal(float)
    smallest_changed = Signal(int)
    """Emits pixels, 0 for what suits the frame."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = SteadyLabel()
        self._edit = button(
            "Edit (E)",
            "Correct this patch with clicks (E); or click on any",
            self.edit_wanted.emit,
        )
        self._previous = button(
            "◀", "The patch before (←)", lambda: self.step_wanted.emit(-1)
        )
        self._next = button("▶", "The next patch (→)", lambda: self.step_wanted.emit(1))
        for made in (self._previous, self._next):
            made.setMaximumWidth(34)
        self.accept_group = button(
            "Accept group",
            "Make this patch and those close to it lesions (Ctrl + Shift + A)",
            self.accept_group_wanted.emit,
        )
        self.reject_group = button(
            "Reject group",
            "Drop this patch and those close to it (Ctrl + Shift + R)",
            self.reject_group_wanted.emit,
        )
        self.accept_all = button(
            "", "Make every patch that is shown a lesion", self.accept_all_wanted.emit
        )
        self._reject_all = button(
            "Reject all", "Drop every patch (Shift + R)", self.reject_all_wanted.emit
        )
        self.score = QDoubleSpinBox()
        self.score.setRange(0.0, 1.0)
        self.score.setSingleStep(0.01)
        self.score.setDecimals(2)
        self.score.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.score.editingFinished.connect(self.score.clearFocus)
        self.score.setToolTip(
            "Hide patches with a lower score: the mean certainty of the model, lowered "
            "where a patch looks like a bare vessel"
        )
        self.score.valueChanged.connect(self.score_wanted.emit)
        self.smallest = QSpinBox()
        self.smallest.setRange(0, 9999)
        self.smallest.setSingleStep(5)
        self.smallest.setSuffix(" px")
        self.smallest.setSpecialValueText(AUTO)
        self.smallest.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.smallest.valueChanged.connect(self.smallest_changed.emit)
        # Or the keys would go on writing numbers.
        self.smallest.editingFinished.connect(self.smallest.clearFocus)

        layout = QVBoxLayout(self)
        layout.addLayout(_row((self.words, 1), self._edit, self._previous, self._next))
        layout.addLayout(_row((self.accept_group, 1), (self.reject_group, 1)))
        limits = QGridLayout()
        limits.setColumnStretch(1, 1)
        for row, (words, box) in enumerate(
            (("Score at least", self.score), ("Size at least", self.smallest))
        ):
            limits.addWidget(QLabel(words), row, 0)
            limits.addWidget(box, row, 1)
        layout.addLayout(limits)
        layout.addLayout(_row((self.accept_all, 1), (self._reject_all, 1)))
        self.show_usual_smallest(0)

    def show_smallest(self, pixels: int) -> None:
        """Show the smallest patch that the grader wants to see, 0 for auto."""
        self.smallest.blockSignals(True)
        self.smallest.setValue(pixels)
        self.smallest.blockSignals(False)

    def show_usual_smallest(self, pixels: int) -> None:
        """Say what auto means for the frame; 0 while there is none."""
        now = f", now {pixels} px" if pixels else ""
        self.smallest.setToolTip(
            "Hide smaller patches, in pixels of the frame; auto is the size of a "
            f"microaneurysm{now}"
        )

    def show_review(self, review: Review | None, in_hand: bool) -> None:
        """Show a review.

        Parameters
        ----------
        review : Review, optional
            None where there is nothing to judge.
        in_hand : bool
            False while the grader clicks on another lesion.
        """
        patch = None if review is None else review.current
        shown = () if review is None else review.shown
        group = () if review is None else review.group
        self.words.setText(_words(review))
        if patch is not None:
            self.words.setToolTip(f"{self.words.text()}, {patch.mask.area} px")
        for made in (self._edit, self.accept_all):
            made.setEnabled(in_hand)
        for made in (self.accept_group, self.reject_group):
            made.setEnabled(in_hand and len(group) > 1)
        for made in (self._previous, self._next):
            made.setEnabled(in_hand and len(shown) > 1)
        count = len(group) if patch is not None and len(group) > 1 else 0
        self.accept_group.setText(
            f"Accept group ({count})" if count else "Accept group"
        )
        self.accept_all.setText(f"Accept {len(shown)} (Shift + A)")
        at_least = 0.0 if review is None else review.at_least
        if self.score.value() != at_least:
            blocked = self.score.blockSignals(True)
            self.score.setValue(at_least)
            self.score.blockSignals(blocked)


def _words(review: Review | None) -> str:
    """Say which patch is in hand, or why none is."""
    if review is None:
        return ""
    patch, shown = review.current, review.shown
    hidden = len(review.patches) - len(shown)
    if patch is None:
        return f"{hidden} hidden by score or size" if hidden else ""
    more = "" if review.is_complete else "+"
    return f"{review.position} of {len(shown)}{more}: score {patch.score:.2f}"


def _row(*items: QWidget | tuple[QWidget, int]) -> QHBoxLayout:
    row = QHBoxLayout()
    for item in items:
        widget, stretch = item if isinstance(item, tuple) else (item, 0)
        row.addWidget(widget, stretch)
    return row
