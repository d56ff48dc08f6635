"""What the model found without a click: the patch in hand, and what to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.steady import SteadyLabel

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.review import Review

LEAST = 0.5
"""Below it nothing is called leakage, so no patch has a lower score."""


class ReviewPanel(QWidget):
    """Shows a review, and says what the grader wants of it.

    Parameters
    ----------
    parent : QWidget, optional
        The section it belongs to.
    """

    step_wanted = Signal(int)
    edit_wanted = Signal()
    accept_all_wanted = Signal()
    reject_all_wanted = Signal()
    score_wanted = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = SteadyLabel()
        self._previous = button(
            "◀", "The patch before (←)", lambda: self.step_wanted.emit(-1)
        )
        self._next = button("▶", "The next patch (→)", lambda: self.step_wanted.emit(1))
        for made in (self._previous, self._next):
            made.setMaximumWidth(34)
        self._edit = button(
            "Edit (E)",
            "Correct this patch with clicks (E); or click on any",
            self.edit_wanted.emit,
        )
        where = QHBoxLayout()
        where.addWidget(self.words, 1)
        where.addWidget(self._edit)
        where.addWidget(self._previous)
        where.addWidget(self._next)
        self.score = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.score.setRange(LEAST, 1.0)
        self.score.setSingleStep(0.01)
        self.score.setDecimals(2)
        self.score.setValue(LEAST)
        self.score.setToolTip("Patches that the model is less sure of are not shown")
        self.score.valueChanged.connect(self.score_wanted.emit)
        self.accept_all = button(
            "", "Make every patch that is shown a lesion", self.accept_all_wanted.emit
        )
        self._reject_all = button(
            "Reject all", "Drop every patch (Shift + R)", self.reject_all_wanted.emit
        )
        scoring = QHBoxLayout()
        scoring.addWidget(QLabel("Score at least"))
        scoring.addWidget(self.score, 1)
        together = QHBoxLayout()
        together.addWidget(self.accept_all, 1)
        together.addWidget(self._reject_all, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(where)
        layout.addLayout(scoring)
        layout.addLayout(together)

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
        if review is None or patch is None:
            hidden = 0 if review is None else len(review.patches)
            self.words.setText(f"{hidden} with a lower score" if hidden else "")
        else:
            self.words.setText(
                f"{review.position} of {len(shown)}: score {patch.score:.2f}, "
                f"{patch.mask.area} px"
            )
        for made in (self._edit, self.accept_all):
            made.setEnabled(in_hand)
        for made in (self._previous, self._next):
            made.setEnabled(in_hand and len(shown) > 1)
        self.accept_all.setText(f"Accept {len(shown)} (Shift + A)")
        if review is not None and review.at_least < LEAST:
            blocked = self.score.blockSignals(True)
            self.score.setValue(LEAST)
            self.score.blockSignals(blocked)
